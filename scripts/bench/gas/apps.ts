import { AbiCoder } from "ethers";
import { hashText, type Address, type Hex } from "../../../sdk/src/bytes.ts";
import { appAddress } from "../../../sdk/src/omni.ts";
import { OmniCounter__factory, OmniAppMock__factory } from "../../../typechain-types/index.js";
import { deliver, sentFromHome } from "./lane.ts";
import { addressOf, type GasNetwork } from "./network.ts";
import { costOf, row, type Cost, type GasRow, type Networks, type Subject } from "./row.ts";

const SIGNERS = [0, 1, 2];
const GAS_LIMIT = 2_000_000n;
const NOBODY = `0x${"00".repeat(20)}`;
const coder = AbiCoder.defaultAbiCoder();

/** Applications on several rollups: what the owner pays on his, and who delivers on another. */
export const apps: Subject = {
  title: "Applications on all rollups",
  async rows(networks) {
    const { first, second, wider, opening, placing } = await deployed(networks);
    const { called, calledTwice, making } = await calls(networks);
    return [
      row("deployment of a counter here and on one other rollup, the owner's first", first),
      row("deployment of a counter here and on one other rollup, a further one", second),
      { name: "the same, each further rollup", gas: wider.gas - second.gas },
      row("delivery of a counter's placement, the owner's first there", opening),
      row("delivery of a counter's placement, a further one", placing),
      row("call of an application as its owner on one other rollup", called),
      { name: "the same, each further call", gas: calledTwice.gas - called.gas },
      row("delivery of an owner's call that changes a value", making),
    ] satisfies GasRow[];
  },
};

async function deployed(networks: Networks) {
  const net = await networks(4);
  const { home, other } = net;
  const args = coder.encode(["address"], [await addressOf(home.omniDeployer)]);
  const [here, there] = [home, other].map(({ chainId }) => placementOn(chainId, args));
  if (here === undefined || there === undefined) throw new Error("two rollups");
  const deploy = (name: string, placements: readonly (typeof here)[]): Promise<Cost> =>
    costOf(
      home.omniDeployer
        .connect(home.user)
        .deploy(hashText(name), OmniCounter__factory.bytecode, [...placements], { gasLimit: 8_000_000n }),
    );
  const first = await deploy("first", [here, there]);
  const second = await deploy("second", [here, there]);
  const wider = await deploy("third", [here, there, there]);
  const opening = await deliverNext(net, 0n);
  const placing = await deliverNext(net, 1n);
  return { first, second, wider, opening, placing };
}

/** Of an application that has been called before. */
async function calls(networks: Networks): Promise<{ called: Cost; calledTwice: Cost; making: Cost }> {
  const net = await networks(4);
  const { home, other } = net;
  const deployer = home.omniDeployer.connect(home.user);
  const owner = { chainId: home.chainId, address: await addressOf(home.user) };
  const account = await deployer.accountOf(owner.chainId, owner.address);
  const args = coder.encode(["address", "uint256", "address", "bytes"], [account, 1n, NOBODY, "0x"]);
  const creationCode: Hex = `0x${OmniAppMock__factory.bytecode.slice(2)}`;
  const salt = hashText("application");
  const target: Address = appAddress(await addressOf(home.omniDeployer), { owner, salt, creationCode });
  await costOf(deployer.deploy(salt, creationCode, [placementOn(other.chainId, args)]));
  const call = (value: bigint) => {
    const data = OmniAppMock__factory.createInterface().encodeFunctionData("set", [value]);
    return { chainId: other.chainId, target, data, gasLimit: 200_000n };
  };
  await costOf(deployer.execute([call(2n)], false));
  const called = await costOf(deployer.execute([call(3n)], false));
  const calledTwice = await costOf(deployer.execute([call(4n), call(5n)], false));
  for (const nonce of [0n, 1n]) await deliverNext(net, nonce);
  return { called, calledTwice, making: await deliverNext(net, 2n) };
}

async function deliverNext(net: GasNetwork, nonce: bigint): Promise<Cost> {
  return deliver(net, { signers: SIGNERS, messages: await sentFromHome(net, nonce, nonce + 1n) });
}

function placementOn(chainId: bigint, args: string) {
  return { chainId, args, initialCall: "0x", gasLimit: GAS_LIMIT };
}
