import type { ContractTransactionResponse, Signer } from "ethers";
import { hashText, type Hex } from "../../sdk/src/bytes.ts";
import { CLASS_FINAL, headFactHash, networkRoot, type HeadFact } from "../../sdk/src/fact.ts";
import { CREDIT_SPENDER_ROLE } from "../../sdk/src/deployment/roleSettings.ts";
import {
  StateReader__factory,
  StateRequests__factory,
  StateRootInbox__factory,
  type StateRequests,
  type StateRootInbox,
} from "../../typechain-types/index.js";
import { proxy, type Economy, type EconomyRollup } from "./economy.ts";
import { attest, NETWORK_ID } from "./network.ts";

/** What validates state on one rollup of the economy: the real contracts. */
export interface StateDesk {
  readonly rollup: EconomyRollup;
  readonly inbox: StateRootInbox;
  readonly requests: StateRequests;
}

/** Millionths of ERA: neither divides by the shares, each part has a remainder somewhere. */
export const STATE_PRICES = { headPrice: 20_003n, slotPrice: 8_009n };

/** Places inbox, reader and requests on a rollup, with terms for every other one. */
export async function openDesk(net: Economy, rollup: EconomyRollup): Promise<StateDesk> {
  const { deployer, manager, guardianSet, rollupRegistry, era, fees, gateway, rewards } = rollup;
  const code = await new StateRootInbox__factory(deployer).deploy(NETWORK_ID, guardianSet, rollupRegistry);
  const inbox = StateRootInbox__factory.connect(await proxy(deployer, code, [manager]), deployer);
  const reader = await new StateReader__factory(deployer).deploy(inbox);
  const wiring = { era, feeController: fees, gateway, registry: rollupRegistry, inbox, reader, rewards };
  const requests = await new StateRequests__factory(deployer).deploy(manager, wiring);
  const spend = fees.interface.getFunction("spendCredit").selector;
  await manager.setTargetFunctionRole(fees, [spend], CREDIT_SPENDER_ROLE);
  await manager.grantRole(CREDIT_SPENDER_ROLE, requests, 0);
  for (const other of net.rollups) if (other !== rollup) await requests.setTerms(other.chainId, STATE_PRICES);
  return { rollup, inbox, requests };
}

/** What the guardians attest about an anchor; invented, because they sign what tests tell them. */
export function headOf(
  of: EconomyRollup,
  anchorIndex: bigint,
  stateRoot: Hex = hashText(`state ${anchorIndex}`),
): HeadFact {
  const blockHash = hashText(`block ${anchorIndex}`);
  const about = { class: CLASS_FINAL, chainId: of.chainId, incarnation: 1n } as const;
  return { ...about, anchorIndex, number: 10n * anchorIndex + 1n, blockHash, stateRoot };
}

/** The arguments with which a head is recorded or answered. */
export async function attestedHead(net: Economy, on: EconomyRollup, fact: HeadFact) {
  const root = networkRoot([headFactHash(NETWORK_ID, fact)]);
  const serial = Number(await on.guardianSet.currentSerial());
  return [attest(net, root, undefined, serial), fact, 0, 1, "0x"] as const;
}

export async function answerHead(
  net: Economy,
  { rollup, requests }: StateDesk,
  fact: HeadFact,
  answerer: Signer,
): Promise<ContractTransactionResponse> {
  return requests.connect(answerer).answerHead(...(await attestedHead(net, rollup, fact)));
}
