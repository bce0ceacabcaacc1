import { Interface } from "ethers";
import { guardianSetAbi } from "../../sdk/src/abi/GuardianSet.ts";
import { bitmapOf, encodeAttestation, isQuorum, MAX_GUARDIANS } from "../../sdk/src/attestation.ts";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import type { Signature } from "../../sdk/src/schnorr.ts";
import { pointToHex } from "../../sdk/src/schnorr.ts";
import type { RpcCall } from "../chain/endpoint.ts";
import { viewCall, viewResult } from "./gateway.ts";

export const guardianSetInterface = new Interface(guardianSetAbi);

/** One guardian of a table. */
export interface TableGuardian {
  readonly index: number;
  readonly operator: Address;
  /** Compressed. */
  readonly key: Hex;
  readonly weight: bigint;
  /** What its operator announced; empty for nothing. */
  readonly url: string;
}

/** The guardian set of one epoch on one rollup. */
export interface GuardianTable {
  readonly serial: number;
  readonly guardians: readonly TableGuardian[];
  readonly totalWeight: bigint;
}

/** The set word and the settings for the next rotation. */
export interface EpochView {
  readonly serial: number;
  /** Seconds. */
  readonly start: bigint;
  readonly validUntil: bigint;
  readonly epochLength: bigint;
}

export function epochCalls(guardianSet: Address, at: unknown = "latest"): RpcCall[] {
  return ["epoch", "settings"].map((name) => viewCall(guardianSet, name, [], at, guardianSetInterface));
}

export function readEpoch(epoch: unknown, settings: unknown): EpochView {
  // CAST: the ABI says so.
  const word = viewResult("epoch", epoch, guardianSetInterface)[0] as Record<"serial" | "start" | "validUntil", bigint>;
  // CAST: the ABI says so.
  const [epochLength] = viewResult("settings", settings, guardianSetInterface) as readonly bigint[];
  const { serial, start, validUntil } = word;
  return { serial: Number(serial), start, validUntil, epochLength: epochLength ?? 0n };
}

export function tableCalls(guardianSet: Address, serial: number, at: unknown = "latest"): RpcCall[] {
  return [
    viewCall(guardianSet, "table", [serial], at, guardianSetInterface),
    viewCall(guardianSet, "guardians", [serial, 0, MAX_GUARDIANS], at, guardianSetInterface),
  ];
}

interface RawGuardian {
  readonly index: bigint;
  readonly operator: Address;
  readonly key: { readonly x: bigint; readonly y: bigint };
  readonly weight: bigint;
  readonly url: string;
}

export function readTable(serial: number, record: unknown, page: unknown): GuardianTable {
  const totalWeight = viewResult("table", record, guardianSetInterface)[2];
  const [list] = viewResult("guardians", page, guardianSetInterface);
  // CAST: the ABI says so.
  const guardians = (list as readonly RawGuardian[]).map(({ index, operator, key, weight, url }) => ({
    index: Number(index),
    operator,
    key: pointToHex({ x: key.x, y: key.y }),
    weight,
    url,
  }));
  // CAST: the ABI says so.
  return { serial, guardians, totalWeight: totalWeight as bigint };
}

/** Whether these keys authorise under the table: all of them are in it and hold more than two thirds. */
export function authorises(table: GuardianTable, keys: readonly Hex[]): boolean {
  const signers = table.guardians.filter(({ key }) => keys.includes(key));
  if (signers.length !== keys.length) return false;
  return isQuorum(
    signers.reduce((sum, { weight }) => sum + weight, 0n),
    table.totalWeight,
  );
}

/** An attestation as the rollup with this table reads it: who signed, by their places in it. */
export function attestationFor(
  table: GuardianTable,
  attested: { readonly root: Hex; readonly signature: Signature; readonly signers: readonly Hex[] },
): { readonly bytes: Hex; readonly bitmap: bigint } {
  const { root, signature, signers } = attested;
  const bitmap = bitmapOf(table.guardians.filter(({ key }) => signers.includes(key)).map(({ index }) => index));
  return { bytes: encodeAttestation({ root, serial: table.serial, signature, bitmap }), bitmap };
}
