import {
  ERC1967Proxy__factory,
  MetalayerGateway__factory,
  type MetalayerGateway,
} from "../../typechain-types/index.js";
import { NETWORK_ID, openLanes, type TestRollup } from "./network.ts";

/** What a gateway is wired to on its rollup. */
type Wiring = Pick<
  TestRollup,
  "deployer" | "manager" | "guardianSet" | "weights" | "registry" | "feeController" | "inbox" | "executor"
>;

/** An implementation of the gateway, not yet behind a proxy. */
export async function deployGatewayCode(wiring: Wiring): Promise<MetalayerGateway> {
  return new MetalayerGateway__factory(wiring.deployer).deploy({
    networkId: NETWORK_ID,
    inbox: wiring.inbox,
    guardianSet: wiring.guardianSet,
    staking: wiring.weights,
    feeController: wiring.feeController,
    registry: wiring.registry,
    accessManager: wiring.manager,
    governanceExecutor: wiring.executor,
  });
}

/** A gateway behind a proxy of its own. */
export async function deployGateway(wiring: Wiring): Promise<MetalayerGateway> {
  const code = await deployGatewayCode(wiring);
  const call = code.interface.encodeFunctionData("initialize", [await wiring.manager.getAddress()]);
  const proxy = await new ERC1967Proxy__factory(wiring.deployer).deploy(code, call);
  return MetalayerGateway__factory.connect(await proxy.getAddress(), wiring.deployer);
}

/** The same two rollups with other gateways beside the first ones, for moving from one to the other. */
export async function besideFirstGateways(first: TestRollup, second: TestRollup): Promise<[TestRollup, TestRollup]> {
  const other: [TestRollup, TestRollup] = [
    { ...first, gateway: await deployGateway(first) },
    { ...second, gateway: await deployGateway(second) },
  ];
  await openLanes(other[0], other[1]);
  await openLanes(other[1], other[0]);
  return other;
}
