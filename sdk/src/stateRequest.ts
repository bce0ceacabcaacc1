import { AbiCoder, keccak256, ZeroAddress } from "ethers";
import { IStateRequests__factory } from "../../typechain-types/factories/contracts/fees/IStateRequests__factory.js";
import { fromHex, toHex, ZERO_HASH, type Address, type Hex } from "./bytes.ts";
import { readStanding, type NamedLog } from "./standing.ts";

const REQUESTS = IStateRequests__factory.createInterface();

/** What a paid request asks for: docs/protocol/fees.md §6. A head has neither account nor slot. */
export interface StateQuestion {
  readonly chainId: bigint;
  readonly incarnation: bigint;
  readonly anchorIndex: bigint;
  readonly account?: Address;
  readonly slot?: Hex;
}

/** A head that is asked for, as the logs tell it. */
export interface HeadRequest {
  readonly id: Hex;
  readonly chainId: bigint;
  readonly anchorIndex: bigint;
  /** Fee units. */
  readonly paid: bigint;
}

/** Id of a request. */
export function stateRequestId({ chainId, incarnation, anchorIndex, account, slot }: StateQuestion): Hex {
  const words = [chainId, incarnation, anchorIndex, account ?? ZeroAddress, slot ?? ZERO_HASH];
  const types = ["uint256", "uint256", "uint64", "address", "bytes32"];
  return toHex(fromHex(keccak256(AbiCoder.defaultAbiCoder().encode(types, words))));
}

/** Requests for heads that are open, in the order of the logs. */
export function readHeadRequests(logs: readonly NamedLog[]): Map<Hex, HeadRequest> {
  const { asked: made, answered, withdrawn } = STATE_REQUEST_TOPICS;
  return readStanding(logs, { made, ended: [answered, withdrawn] }, (id, { data, topics }) => {
    // CAST: ethers decodes to the types of the ABI, which are these.
    const { chainId, anchorIndex, account, paid } = REQUESTS.decodeEventLog("StateRequested", data, [
      ...topics,
    ]).toObject() as unknown as Omit<HeadRequest, "id"> & { readonly account: string };
    return BigInt(account) === 0n ? { id, chainId, anchorIndex, paid } : undefined;
  });
}

/** Topics of the events that say which requests are open. */
export const STATE_REQUEST_TOPICS = {
  asked: REQUESTS.getEvent("StateRequested").topicHash,
  answered: REQUESTS.getEvent("StateAnswered").topicHash,
  withdrawn: REQUESTS.getEvent("RequestWithdrawn").topicHash,
} as const;
