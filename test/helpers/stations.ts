import { HDNodeWallet, Mnemonic, type BaseContract } from "ethers";
import type { Hex } from "../../sdk/src/bytes.ts";
import { networkRoot } from "../../sdk/src/fact.ts";
import { DEV_MNEMONIC } from "../../scripts/devnet/anvil.ts";
import { rollupSchema } from "../../scripts/network/config.ts";
import type { Coordinator } from "../../scripts/network/coordinator.ts";
import { createStation, type Station } from "../../scripts/network/station.ts";
import { createUpkeep, type UpkeepSettings } from "../../scripts/upkeep/upkeep.ts";
import { softHead } from "../../scripts/chain/finality.ts";
import type { LocalNetwork } from "../cli/localNetwork.ts";

const GWEI = 10n ** 9n;
const FEES = { ceiling: 500n * GWEI, minTip: 1n, maxTip: 2n * GWEI };

/** All rollups of a local network as one of its keepers sees them; whatever is in a block is final. */
export interface Stations {
  readonly all: readonly Station[];
  /** Reads the newest blocks. */
  follow(): Promise<void>;
  close(): Promise<void>;
}

/** With an account of the development mnemonic. */
export async function openStations({ nodes, metalayer }: LocalNetwork, account: number): Promise<Stations> {
  const wallet = HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(DEV_MNEMONIC), `m/44'/60'/0'/0/${account}`);
  const addressOf = (contract: BaseContract): Promise<string> => contract.getAddress();
  const rollups = await Promise.all(
    metalayer.rollups.map(async (rollup, index) =>
      rollupSchema.parse({
        ...{ name: `rollup${"ABCD"[index]}`, chainId: Number(rollup.chainId), blockTimeMs: 100 },
        rpc: [nodes[index]?.url],
        finality: { kind: "depth", blocks: 0 },
        contracts: {
          gateway: await addressOf(rollup.gateway),
          guardianSet: await addressOf(rollup.guardianSet),
          inbox: await addressOf(rollup.stateRootInbox),
          anchorLog: await addressOf(rollup.anchorLog),
          broadcaster: await addressOf(rollup.broadcaster),
          subscriptions: await addressOf(rollup.subscriptions),
          automations: await addressOf(rollup.automations),
          stateRequests: await addressOf(rollup.stateRequests),
        },
      }),
    ),
  );
  const config = { networkId: metalayer.networkId, rollups };
  const secretKey = wallet.privateKey as Hex; // CAST: ethers returns hex
  const given = { config, secretKey, fees: FEES, rpcTimeoutMs: 5_000, onStep: () => Promise.resolve() };
  const onError = (error: unknown): never => {
    throw error;
  };
  const all = rollups.map((rollup) => createStation({ ...given, rollup, onError }));
  return {
    all,
    async follow() {
      for (const { follower, pool } of all) await follower.follow(await softHead(pool));
    },
    async close() {
      for (const { sender, pool } of all) {
        await sender.stop();
        pool.close();
      }
    },
  };
}

/** The local network's guardians, asked without HTTP. */
function guardiansOf({ metalayer }: LocalNetwork): Coordinator {
  return {
    attest(facts, tables) {
      const root = networkRoot(facts.map(({ hash }) => hash));
      const signers = (tables[0]?.guardians ?? []).map(({ key }) => key);
      return Promise.resolve({ root, signature: metalayer.guardians.sign(root), signers, facts, refused: [] });
    },
    benched: () => [],
  };
}

/** One keeper of a local network, that begins from the chains. */
export interface Keeper {
  readonly account: string;
  /** One visit everywhere; how much was done in it. */
  readonly visit: (signal?: AbortSignal) => Promise<number>;
  close(): Promise<void>;
}

const IDLE: UpkeepSettings = {
  ...{ rotate: false, anchorEverySeconds: 0, cacheSignersAfter: 1_000 },
  ...{ publications: false, automations: false, requests: false, minFee: 0n, deliverUnfunded: true },
};

/** With an account of the development mnemonic. Does nothing but what it is set to. */
export async function openKeeper(
  local: LocalNetwork,
  account: number,
  settings: Partial<UpkeepSettings>,
): Promise<Keeper> {
  const stations = await openStations(local, account);
  let done = 0;
  const upkeep = createUpkeep({
    settings: { ...IDLE, ...settings },
    networkId: local.metalayer.networkId,
    sides: stations.all,
    coordinator: guardiansOf(local),
    onError: (where, error) => {
      throw new Error(`on ${where}`, { cause: error });
    },
    count: (_, __, more) => {
      done += more;
    },
  });
  return {
    account: stations.all[0]?.account ?? "0x",
    async visit(signal) {
      const before = done;
      await stations.follow();
      for (const side of stations.all) await upkeep.visit(side, signal);
      return done - before;
    },
    close: () => stations.close(),
  };
}
