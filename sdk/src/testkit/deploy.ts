import { concat, type ContractFactory, type Interface, type Signer } from "ethers";
import { AccessManager__factory } from "../../../typechain-types/factories/@openzeppelin/contracts/access/manager/AccessManager__factory.js";
import { ERC1967Proxy__factory } from "../../../typechain-types/factories/@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy__factory.js";
import { Create3Factory__factory } from "../../../typechain-types/factories/contracts/deployment/Create3Factory__factory.js";
import { FeeController__factory } from "../../../typechain-types/factories/contracts/fees/FeeController__factory.js";
import { GuardianSet__factory } from "../../../typechain-types/factories/contracts/guardians/GuardianSet__factory.js";
import { GuardianStaking__factory } from "../../../typechain-types/factories/contracts/guardians/GuardianStaking__factory.js";
import { AnchorLog__factory } from "../../../typechain-types/factories/contracts/messaging/AnchorLog__factory.js";
import { MetalayerGateway__factory } from "../../../typechain-types/factories/contracts/messaging/MetalayerGateway__factory.js";
import { RollupRegistry__factory } from "../../../typechain-types/factories/contracts/messaging/RollupRegistry__factory.js";
import { StateRootInbox__factory } from "../../../typechain-types/factories/contracts/messaging/StateRootInbox__factory.js";
import { EvmStack__factory } from "../../../typechain-types/factories/contracts/rollups/EvmStack__factory.js";
import { Era__factory } from "../../../typechain-types/factories/contracts/token/Era__factory.js";
import { fixedBytes, hashWords, toAddress, type Address } from "../bytes.ts";
import { coreAddresses, type CoreCall, type CoreDeployment, type CorePlace } from "./plan.ts";
import { MetalayerError } from "../errors.ts";

/** A typechain factory class. */
interface Artifact {
  readonly bytecode: string;
  createInterface(): Interface;
}

const ARTIFACTS: Readonly<Record<string, Artifact>> = {
  AccessManager: AccessManager__factory,
  AnchorLog: AnchorLog__factory,
  ERC1967Proxy: ERC1967Proxy__factory,
  Era: Era__factory,
  EvmStack: EvmStack__factory,
  FeeController: FeeController__factory,
  GuardianSet: GuardianSet__factory,
  GuardianStaking: GuardianStaking__factory,
  MetalayerGateway: MetalayerGateway__factory,
  RollupRegistry: RollupRegistry__factory,
  StateRootInbox: StateRootInbox__factory,
};

/** Creates a CREATE3 factory and says where the contracts will stand: at other addresses on every chain, so that mix-ups show. */
export async function preparePlace(deployer: Signer, chainId: bigint): Promise<CorePlace> {
  const factory: ContractFactory = new Create3Factory__factory(deployer);
  const created = await (await factory.deploy()).waitForDeployment();
  return {
    factory: await addressOf(created),
    deployer: await addressOf(deployer),
    salt: hashWords([chainId]),
  };
}

/** Creates the contracts in order; each must come out where it was predicted. */
export async function runDeployments(
  deployer: Signer,
  place: CorePlace,
  deployments: readonly CoreDeployment[],
): Promise<void> {
  const factory = Create3Factory__factory.connect(place.factory, deployer);
  for (const { id, contract, salt, address, args } of deployments) {
    const source = artifact(contract);
    const predicted = await factory.addressOf(place.deployer, salt);
    if (predicted !== address) {
      throw new MetalayerError("TESTKIT_ADDRESS", `${id} would stand at ${predicted}, not at ${address}`, { id });
    }
    await (await factory.deploy(salt, concat([source.bytecode, source.createInterface().encodeDeploy(args)]))).wait();
  }
}

/** Makes the administrator's calls in order. */
export async function runCalls(administrator: Signer, calls: readonly CoreCall[]): Promise<void> {
  for (const { contract, address, method, args } of calls) {
    const data = artifact(contract).createInterface().encodeFunctionData(method, args);
    await (await administrator.sendTransaction({ to: address, data })).wait();
  }
}

/** The core contracts of one rollup, typed. */
export function connectCore(place: CorePlace, signer: Signer) {
  const addresses = coreAddresses(place);
  return {
    accessManager: AccessManager__factory.connect(addresses.accessManager, signer),
    era: Era__factory.connect(addresses.era, signer),
    feeController: FeeController__factory.connect(addresses.feeController, signer),
    gateway: MetalayerGateway__factory.connect(addresses.gateway, signer),
    guardianSet: GuardianSet__factory.connect(addresses.guardianSet, signer),
    guardianStaking: GuardianStaking__factory.connect(addresses.guardianStaking, signer),
    rollupRegistry: RollupRegistry__factory.connect(addresses.rollupRegistry, signer),
    stateRootInbox: StateRootInbox__factory.connect(addresses.stateRootInbox, signer),
  };
}

/** The typed core contracts of one rollup. */
export type CoreContracts = ReturnType<typeof connectCore>;

function artifact(contract: string): Artifact {
  const found = ARTIFACTS[contract];
  if (found === undefined) {
    throw new MetalayerError("TESTKIT_ARTIFACT", `the test kit does not carry ${contract}`, { contract });
  }
  return found;
}

async function addressOf(target: { getAddress(): Promise<string> }): Promise<Address> {
  return toAddress(fixedBytes("address", await target.getAddress(), 20));
}
