import { Wallet, type Signer } from "ethers";
import { network as networks } from "hardhat";
import { developmentParameters } from "../../../deploy/params/development.ts";
import {
  concatBytes,
  fixedBytes,
  hashText,
  hashWords,
  toAddress,
  toHex,
  uintBytes,
  type Address,
  type Hex,
} from "../../../sdk/src/bytes.ts";
import { networkIdOf } from "../../../sdk/src/deployment/addresses.ts";
import { deployRollup, type DeploymentCost } from "../../../sdk/src/deployment/execute.ts";
import type { NetworkParameters } from "../../../sdk/src/deployment/parameters.ts";
import { planRollup } from "../../../sdk/src/deployment/plan.ts";
import { possessionDigest } from "../../../sdk/src/possession.ts";
import { challenge, isEven, modN, POSSESSION_TAG, publicKey } from "../../../sdk/src/schnorr.ts";
import { connectCore, type CoreContracts } from "../../../sdk/src/testkit/deploy.ts";
import { artifacts } from "../../../test/helpers/deployedNetwork.ts";
import { testGuardians, type TestGuardian } from "../../../test/helpers/network.ts";
import { SilentRecipient__factory } from "../../../typechain-types/index.js";

const DAY = 86_400;
const MONTH = 30n * 86_400n;
const FUNDS = 100n * 10n ** 18n;
const DEPLOYER_KEY = hashText("gas table deployer");
const RECIPIENTS = 65;
/** Fixes the home rollup's genesis hash, and with it the network id and every signature. */
const GENESIS = "2026-01-01T00:00:00Z";

/** Long enough that no time which passes while this is measured matters. */
const GOVERNANCE_TIMES = {
  votingDelay: BigInt(DAY),
  votingPeriod: 5n * BigInt(DAY),
  tallyWindow: BigInt(DAY),
  notice: 12n * BigInt(DAY),
  lockPeriod: MONTH,
};

/** One rollup of the gas table with the real deployment. */
export interface GasRollup extends CoreContracts {
  readonly chainId: bigint;
  /** Paid for everything before the measured transaction. */
  readonly operator: Signer;
  /** On home, holds all ERA. */
  readonly holder: Signer;
  readonly user: Signer;
  readonly relayer: Signer;
  /** May move prices within their bounds. */
  readonly keeper: Signer;
  readonly deployment: DeploymentCost;
  /** Contracts that accept every message and do nothing. */
  readonly recipients: readonly Address[];
  readonly passTime: (seconds: number) => Promise<void>;
  /** The next block has this time, seconds since 1970. */
  readonly setTime: (seconds: bigint) => Promise<void>;
  /** Signs in the name of a contract. */
  readonly as: (contract: Address) => Promise<Signer>;
}

/** Home and another rollup, at the same addresses on both, as a public deployment has them. */
export interface GasNetwork {
  readonly networkId: Hex;
  readonly home: GasRollup;
  readonly other: GasRollup;
  readonly guardians: readonly TestGuardian[];
  /** Back to the state in which the network was opened. */
  readonly restore: () => Promise<void>;
}

type Connection = Awaited<ReturnType<typeof networks.create>>;

/** Deploys on two fresh in-process rollups. Everything that gets into calldata follows from constants. */
export async function openGasNetwork(guardianCount: number): Promise<GasNetwork> {
  const connections = [await connect("rollupA"), await connect("rollupB")] as const;
  const guardians = testGuardians(guardianCount);
  const parameters = await parametersOf(connections[0], guardians);
  const home = await deployOn(connections[0], parameters);
  const other = await deployOn(connections[1], parameters);
  const { networkId } = planRollup(parameters, home.chainId, artifacts);
  let snapshots = await Promise.all(connections.map(({ networkHelpers }) => networkHelpers.takeSnapshot()));
  const restore = async (): Promise<void> => {
    for (const snapshot of snapshots) await snapshot.restore();
    snapshots = await Promise.all(connections.map(({ networkHelpers }) => networkHelpers.takeSnapshot()));
  };
  return { networkId, home, other, guardians, restore };
}

function connect(name: string): Promise<Connection> {
  return networks.create({ network: name, override: { initialDate: GENESIS } });
}

async function accountsOf({ ethers }: Connection): Promise<readonly Signer[]> {
  return ethers.getSigners();
}

async function parametersOf(home: Connection, guardians: readonly TestGuardian[]): Promise<NetworkParameters> {
  const genesis = await home.ethers.provider.getBlock(0);
  const accounts = await Promise.all((await accountsOf(home)).map((account) => addressOf(account)));
  const [, genesisHolder, , , , canceller, pauser, fund, priceKeeper] = accounts;
  if (!genesisHolder || !canceller || !pauser || !fund || !priceKeeper) throw new Error("twenty accounts exist");
  const deployer = toAddress(fixedBytes("account", new Wallet(DEPLOYER_KEY).address, 20));
  const parameters = developmentParameters(
    {
      rollups: [
        { name: "home", chainId: 8101n, finality: "tag" },
        { name: "other", chainId: 8102n, finality: "tag" },
      ],
      homeGenesisHash: `0x${(genesis?.hash ?? "").slice(2)}`,
      accounts: { deployer, genesisHolder, canceller, pauser, priceKeeper, fund },
      guardians: guardians.map(({ operator, secret }) => ({ operator, secretKey: secret })),
      salt: "gas table",
      epochLength: MONTH,
    },
    artifacts,
  );
  const networkId = networkIdOf(parameters, artifacts);
  const bootstrap = parameters.guardians.bootstrap.map((guardian, index) => {
    const secret = guardians[index]?.secret;
    if (secret === undefined) throw new Error("guardians and bootstrap are the same");
    return { ...guardian, proof: sameProof(secret, networkId, guardian.operator) };
  });
  const staking = { unbonding: 2n * MONTH, evidenceWindow: MONTH };
  const governance = { ...parameters.governance, ...GOVERNANCE_TIMES };
  return { ...parameters, staking, governance, guardians: { ...parameters.guardians, bootstrap } };
}

/** A proof of possession without the randomness that real ones have: its zero bytes count in the gas of a deployment. */
function sameProof(secret: bigint, networkId: Hex, operator: Address): Hex {
  const key = publicKey(secret);
  const message = possessionDigest({ networkId, operator, key });
  const nonce = modN(BigInt(hashWords([secret, message])));
  const r = isEven(publicKey(nonce)) ? nonce : modN(-nonce);
  const { x, y } = publicKey(r);
  const s = modN(r + challenge(POSSESSION_TAG, x, key.x, message) * (isEven(key) ? secret : modN(-secret)));
  return toHex(concatBytes([x, y, s].map((word) => uintBytes("proof", word, 32))));
}

async function deployOn(connection: Connection, parameters: NetworkParameters): Promise<GasRollup> {
  const { provider } = connection.ethers;
  const [operator, holder, user, relayer, , , , , keeper] = await accountsOf(connection);
  if (!operator || !holder || !user || !relayer || !keeper) throw new Error("twenty accounts exist");
  const deployer = new Wallet(DEPLOYER_KEY, provider);
  await operator.sendTransaction({ to: deployer, value: FUNDS });
  const { chainId } = await provider.getNetwork();
  const plan = planRollup(parameters, chainId, artifacts);
  const deployment = await deployRollup(plan, deployer);
  const recipients: Address[] = [];
  for (let i = 0; i < RECIPIENTS; i++)
    recipients.push(await addressOf(await new SilentRecipient__factory(operator).deploy()));
  const passTime = async (seconds: number): Promise<void> => {
    await connection.networkHelpers.time.increase(seconds);
  };
  const setTime = (seconds: bigint): Promise<void> => connection.networkHelpers.time.setNextBlockTimestamp(seconds);
  // Limits start empty and fill up within a day.
  await passTime(DAY);
  const as = async (contract: Address): Promise<Signer> => {
    await connection.networkHelpers.impersonateAccount(contract);
    await connection.networkHelpers.setBalance(contract, FUNDS);
    return connection.ethers.getSigner(contract);
  };
  const core = connectCore(plan.addresses, operator);
  const accounts = { operator, holder, user, relayer, keeper };
  return { ...core, ...accounts, chainId, deployment, recipients, passTime, setTime, as };
}

/** Address of an account or contract as the sdk types it. */
export async function addressOf(account: { getAddress(): Promise<string> }): Promise<Address> {
  return toAddress(fixedBytes("address", await account.getAddress(), 20));
}
