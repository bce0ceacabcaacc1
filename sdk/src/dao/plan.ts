import { AbiCoder, concat, getCreate2Address, id, Interface, keccak256, type InterfaceAbi } from "ethers";
import { LeasedAccessManager__factory } from "../../../typechain-types/factories/contracts/roles/LeasedAccessManager__factory.js";
import { RoleDirectory__factory } from "../../../typechain-types/factories/contracts/roles/RoleDirectory__factory.js";
import { DaoGovernor__factory } from "../../../typechain-types/factories/contracts/dao/DaoGovernor__factory.js";
import { DaoToken__factory } from "../../../typechain-types/factories/contracts/dao/DaoToken__factory.js";
import { Create3Factory__factory } from "../../../typechain-types/factories/contracts/deployment/Create3Factory__factory.js";
import { GovernanceExecutor__factory } from "../../../typechain-types/factories/contracts/governance/GovernanceExecutor__factory.js";
import { RollupTimelock__factory } from "../../../typechain-types/factories/contracts/governance/RollupTimelock__factory.js";
import { ZERO_HASH, type Address, type Hex } from "../bytes.ts";
import { asAddress, asHex, create3Address, CREATE2_DEPLOYER } from "../deployment/addresses.ts";
import { MetalayerError } from "../errors.ts";

const CODE: Readonly<Record<DaoContractName, { readonly abi: InterfaceAbi; readonly bytecode: string }>> = {
  DaoToken: DaoToken__factory,
  RollupTimelock: RollupTimelock__factory,
  DaoGovernor: DaoGovernor__factory,
  GovernanceExecutor: GovernanceExecutor__factory,
  LeasedAccessManager: LeasedAccessManager__factory,
  RoleDirectory: RoleDirectory__factory,
};

const FACTORY = new Interface(["function deploy(bytes32 salt, bytes initCode) returns (address)"]);

/** What a DAO is made of: token (if it is a new one), governor and directory on home; executors elsewhere; the others on every rollup. */
export type DaoContractName =
  "DaoToken" | "RollupTimelock" | "DaoGovernor" | "GovernanceExecutor" | "LeasedAccessManager" | "RoleDirectory";

/** A token that the DAO begins with. */
export interface NewDaoToken {
  readonly name: string;
  readonly symbol: string;
  /** Who gets how much, in 1e-18; `treasury` is the DAO's own on home. */
  readonly shares: readonly { readonly to: Address | "treasury"; readonly amount: bigint }[];
}

/** By the token's clock: seconds, or blocks. */
export interface DaoTerms {
  readonly votingDelay: bigint;
  readonly votingPeriod: bigint;
  /** Votes that a proposer needs. */
  readonly proposalThreshold: bigint;
  /** Basis points of the votes that exist. */
  readonly quorum: bigint;
}

/** A rollup on which the DAO stands. */
export interface DaoRollup {
  readonly chainId: bigint;
  /** The rollup's ERC-7786 gateway. */
  readonly gateway: Address;
  /** Who places the contracts there; the addresses follow from it. */
  readonly deployer: Address;
}

/** A community's DAO. Everything but the list of rollups is part of its addresses. */
export interface DaoSettings {
  readonly name: string;
  /** Where its token is and votes are counted. */
  readonly home: bigint;
  /** An ERC20Votes or ERC721Votes on home, or a new one. */
  readonly token: Address | NewDaoToken;
  readonly terms: DaoTerms;
  /** Seconds between a decision and its effect, on every rollup. */
  readonly timelockDelay: bigint;
  /** May cancel what waits, on every rollup; nobody but the governor itself if left out. */
  readonly canceller?: Address;
  /** Seconds for which a role is leased, if the DAO has a directory of roles. */
  readonly roleTerm?: bigint;
  readonly rollups: readonly DaoRollup[];
}

/** One contract to place through the factory. */
export interface DaoContract {
  readonly name: DaoContractName;
  readonly address: Address;
  readonly args: readonly unknown[];
  /** Transaction to the factory, sent by the rollup's deployer. */
  readonly to: Address;
  readonly data: Hex;
}

/** The DAO on one rollup. */
export interface DaoPlace {
  readonly chainId: bigint;
  readonly gateway: Address;
  /** Executes what was decided, and is the treasury there. */
  readonly timelock: Address;
  /** Takes home's legs; on home there is none. */
  readonly executor?: Address;
  readonly accessManager?: Address;
  /** In the order in which they are placed. */
  readonly contracts: readonly DaoContract[];
}

export interface DaoPlan {
  readonly home: bigint;
  readonly token: Address;
  readonly governor: Address;
  readonly roleDirectory?: Address;
  /** Home first. */
  readonly places: readonly DaoPlace[];
}

/** Address of the protocol's CREATE3 factory. */
export function daoFactory(): Address {
  return asAddress(getCreate2Address(CREATE2_DEPLOYER, ZERO_HASH, keccak256(Create3Factory__factory.bytecode)));
}

/**
 * All contracts of a DAO with their addresses, before any of them stands. The same settings by the same deployer give the same plan, and a rollup
 * that is added later changes nothing for the others. Throws `DAO_INVALID`.
 */
export function planDao(settings: DaoSettings): DaoPlan {
  const home = checkedHome(settings);
  const others = settings.rollups.filter((rollup) => rollup !== home);
  const atHome = addressesOf(settings, home);
  const token = typeof settings.token === "string" ? settings.token : atHome.DaoToken;
  const hasRoles = settings.roleTerm !== undefined;
  return {
    home: settings.home,
    token,
    governor: atHome.DaoGovernor,
    ...(hasRoles ? { roleDirectory: atHome.RoleDirectory } : {}),
    places: [home, ...others].map((rollup) => {
      const at = addressesOf(settings, rollup);
      const isHome = rollup === home;
      const sources = isHome ? homeSources(settings, at, token) : spokeSources(settings, at, atHome, rollup);
      const roles = hasRoles ? roleSources(settings, at, atHome, rollup) : [];
      return {
        ...{ chainId: rollup.chainId, gateway: rollup.gateway, timelock: at.RollupTimelock },
        ...(isHome ? {} : { executor: at.GovernanceExecutor }),
        ...(hasRoles ? { accessManager: at.LeasedAccessManager } : {}),
        contracts: [...sources, ...roles].map(([name, args]) => contractOf(settings, at, name, args)),
      };
    }),
  };
}

type Addresses = Readonly<Record<DaoContractName, Address>>;
type Source = readonly [name: DaoContractName, args: readonly unknown[]];

function homeSources(settings: DaoSettings, at: Addresses, token: Address): Source[] {
  const { terms, timelockDelay, canceller = at.DaoGovernor } = settings;
  return [
    ...newToken(settings, at),
    ["RollupTimelock", [timelockDelay, at.DaoGovernor, canceller]],
    ["DaoGovernor", [settings.name, token, at.RollupTimelock, terms]],
  ];
}

function newToken({ token }: DaoSettings, at: Addresses): Source[] {
  if (typeof token === "string") return [];
  const shares = token.shares.map(({ to, amount }) => [to === "treasury" ? at.RollupTimelock : to, amount]);
  return [["DaoToken", [token.name, token.symbol, shares]]];
}

/** Without a canceller the executor itself takes the role that it has anyway: what home decided is cancelled by home alone. */
function spokeSources(settings: DaoSettings, at: Addresses, atHome: Addresses, { gateway }: DaoRollup): Source[] {
  const { home, timelockDelay, canceller = at.GovernanceExecutor } = settings;
  return [
    ["RollupTimelock", [timelockDelay, at.GovernanceExecutor, canceller]],
    ["GovernanceExecutor", [gateway, at.RollupTimelock, home, atHome.RollupTimelock]],
  ];
}

/** Each rollup's timelock maps functions to roles there; home's timelock says who holds them everywhere. */
function roleSources(
  settings: DaoSettings,
  at: Addresses,
  atHome: Addresses,
  { chainId, gateway }: DaoRollup,
): Source[] {
  const { home, roleTerm } = settings;
  const manager: Source = ["LeasedAccessManager", [at.RollupTimelock, gateway, home, atHome.RoleDirectory]];
  if (chainId !== home) return [manager];
  return [manager, ["RoleDirectory", [at.LeasedAccessManager, gateway, roleTerm]]];
}

function contractOf(
  settings: DaoSettings,
  at: Addresses,
  name: DaoContractName,
  args: readonly unknown[],
): DaoContract {
  const { abi, bytecode } = CODE[name];
  const initCode = concat([bytecode, new Interface(abi).encodeDeploy(args)]);
  const data = asHex(FACTORY.encodeFunctionData("deploy", [saltOf(settings, name), initCode]));
  return { name, address: at[name], args, to: daoFactory(), data };
}

function addressesOf(settings: DaoSettings, { deployer }: DaoRollup): Addresses {
  const factory = daoFactory();
  const at = (name: DaoContractName): Address => create3Address(factory, deployer, saltOf(settings, name));
  return {
    DaoToken: at("DaoToken"),
    RollupTimelock: at("RollupTimelock"),
    DaoGovernor: at("DaoGovernor"),
    GovernanceExecutor: at("GovernanceExecutor"),
    LeasedAccessManager: at("LeasedAccessManager"),
    RoleDirectory: at("RoleDirectory"),
  };
}

/** Everything that a DAO is, its rollups left out: other settings are another DAO at other addresses. */
function saltOf(settings: DaoSettings, name: DaoContractName): Hex {
  const { terms, token, canceller = "", roleTerm = 0n } = settings;
  const what = typeof token === "string" ? [token] : [token.name, token.symbol, ...token.shares.flatMap(shareText)];
  const numbers = [settings.home, ...numbersOf(terms), settings.timelockDelay, roleTerm];
  const texts = ["Metalayer DAO", settings.name, canceller.toLowerCase(), ...what.map((text) => text.toLowerCase())];
  const coder = AbiCoder.defaultAbiCoder();
  const encoded = coder.encode(["string[]", "uint256[]", "bytes32"], [texts, numbers, id(name)]);
  return asHex(keccak256(encoded));
}

const shareText = ({ to, amount }: NewDaoToken["shares"][number]): string[] => [to, String(amount)];

function numbersOf({ votingDelay, votingPeriod, proposalThreshold, quorum }: DaoTerms): bigint[] {
  return [votingDelay, votingPeriod, proposalThreshold, quorum];
}

function checkedHome({ home, rollups, name, terms, token }: DaoSettings): DaoRollup {
  const ids = rollups.map(({ chainId }) => chainId);
  const found = rollups.find(({ chainId }) => chainId === home);
  const isNobodys = typeof token !== "string" && token.shares.every(({ amount }) => amount === 0n);
  const rules: readonly (readonly [boolean, string])[] = [
    [name !== "", "it has no name"],
    [new Set(ids).size === ids.length, "it names a rollup twice"],
    [terms.votingPeriod > 0n, "nobody has time to vote"],
    [terms.quorum > 0n && terms.quorum <= 10_000n, "its quorum must be more than nothing and at most all votes"],
    [!isNobodys, "nobody has any of its token"],
  ];
  const broken = rules.find(([holds]) => !holds);
  if (found !== undefined && broken === undefined) return found;
  const problem = broken?.[1] ?? "its home is none of its rollups";
  throw new MetalayerError("DAO_INVALID", `no DAO can be made: ${problem}`, { home, rollups: ids });
}
