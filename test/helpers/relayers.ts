import { pino } from "pino";
import type { Hex } from "../../sdk/src/bytes.ts";
import { toHex } from "../../sdk/src/bytes.ts";
import { pointToHex, publicKey } from "../../sdk/src/schnorr.ts";
import { relayerSchema } from "../../scripts/relayer/config.ts";
import type { RelayerService } from "../../scripts/relayer/service.ts";
import { createRelayer } from "../../scripts/relayer/service.ts";
import { devWallet } from "./daemonNetwork.ts";
import type { Fleet, FleetNetwork } from "./guardianFleet.ts";

/** Settings of a relayer of this network, with the guardians' addresses in them. */
export function relayerConfig(
  network: FleetNetwork,
  fleet: Fleet,
  extra: Readonly<Record<string, unknown>> = {},
): unknown {
  const guardians = Object.fromEntries(
    network.guardians.map(({ secret }, index) => [pointToHex(publicKey(secret)), fleet.seats[index]?.url]),
  );
  const relayer = { logLevel: "warn", guardians, ...extra };
  return { networkId: network.networkId, rollups: network.rollups.map(({ settings }) => settings), relayer };
}

export function relayerKey(account = 1): Hex {
  return toHex(Buffer.from(devWallet(account).privateKey.slice(2), "hex"));
}

/** A relayer in this process. */
export function startRelayer(
  network: FleetNetwork,
  fleet: Fleet,
  options: { readonly account?: number; readonly extra?: Readonly<Record<string, unknown>> } = {},
): RelayerService {
  const config = relayerSchema.parse(relayerConfig(network, fleet, options.extra));
  const log = pino(
    { level: process.env["TEST_LOG"] ?? "silent", base: { relayer: options.account ?? 1 } },
    pino.destination(2),
  );
  return createRelayer(config, relayerKey(options.account), log);
}
