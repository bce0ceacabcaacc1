import { AbiCoder } from "ethers";
import { KIND_BOUNTY, messageHash, type Message } from "../../sdk/src/message.ts";
import { addressOf, type Economy, type EconomyRollup } from "../helpers/economy.ts";
import { laneOf, sentMessages } from "../helpers/network.ts";

const UNIT = 10n ** 9n;

/** Where the ERA of the whole network is, in wei: docs/protocol/fees.md §2. The lines sum up to what was ever minted on home. */
export interface Ledger {
  /** Supplies of all rollups, without what the next sweeps will burn. */
  supply: bigint;
  earned: bigint;
  queued: bigint;
  inFlight: bigint;
  bounties: bigint;
  burntForGood: bigint;
}

/** What one FeeController must hold and does hold, in wei. */
export interface Backing {
  readonly name: string;
  readonly held: bigint;
  readonly owed: bigint;
  readonly balance: bigint;
}

/** Reads the ledger from the chains alone: views and the gateways' events. */
export async function readLedger(net: Economy): Promise<{ ledger: Ledger; backing: Backing[] }> {
  const ledger: Ledger = { supply: 0n, earned: 0n, queued: 0n, inFlight: 0n, bounties: 0n, burntForGood: 0n };
  const backing: Backing[] = [];
  for (const src of net.rollups) {
    ledger.supply += await src.era.totalSupply();
    ledger.burntForGood += await src.fees.burntForGood();
    ledger.earned += await earnings(src);
    let owed = await credits(src);
    for (const dst of net.rollups) if (dst !== src) owed += await addLane(ledger, src, dst);
    const [held, balance] = [await src.fees.held(), await src.era.balanceOf(src.fees)];
    backing.push({ name: src.name, held, owed, balance });
  }
  return { ledger, backing };
}

/** Adds one lane; returns what its source holds for it. */
async function addLane(ledger: Ledger, src: EconomyRollup, dst: EconomyRollup): Promise<bigint> {
  const messages = await sentMessages(src, dst);
  const { accrued, prices } = await src.gateway.outLane(dst.chainId);
  const requested = messages.reduce((sum, message) => sum + bountyAmount(message), 0n) * UNIT;
  const accruedBounties = requested - (await src.fees.swept(dst.chainId)).bounties;
  const perMille = (accrued / 1000n) * UNIT;
  ledger.supply -= perMille * (1000n - prices.fundShare) + accruedBounties;
  ledger.burntForGood += perMille * prices.burnShare;
  const [srcEra, dstEra] = [await addressOf(src.era), await addressOf(dst.era)];
  const lane = await laneOf(src, dst);
  for (const message of messages) {
    const id = messageHash(lane.networkId, lane, message);
    ledger.bounties += (await dst.gateway.bounty(src.chainId, message.nonce, id)).amount * UNIT;
    if (await dst.gateway.isDelivered(src.chainId, message.nonce)) continue;
    ledger.inFlight += (message.fee + bountyAmount(message)) * UNIT;
    if (message.sender === srcEra && message.recipient === dstEra) ledger.inFlight += transferAmount(message);
  }
  for (const account of accounts(dst)) ledger.queued += (await dst.gateway.queued(src.chainId, account)) * UNIT;
  return accrued * UNIT + accruedBounties;
}

async function earnings(rollup: EconomyRollup): Promise<bigint> {
  let units = 0n;
  const newest = await rollup.guardianSet.currentSerial();
  for (let serial = 1n; serial <= newest; serial++) {
    for (const account of accounts(rollup)) {
      const { forDeliverer, forGuardians } = await rollup.gateway.earnings(serial, account);
      units += forDeliverer + forGuardians;
    }
  }
  return units * UNIT;
}

async function credits(rollup: EconomyRollup): Promise<bigint> {
  let units = 0n;
  for (const account of [...accounts(rollup), rollup.era]) units += (await rollup.gateway.credit(account)).balance;
  return units * UNIT;
}

/** Everybody who delivers, is refunded or holds credit in a campaign. */
export function accounts(rollup: EconomyRollup) {
  return [rollup.user, rollup.relayer] as const;
}

/** Bounty that a lane entry carries, in fee units; 0 for a message. */
function bountyAmount(message: Message): bigint {
  if (message.kind !== KIND_BOUNTY) return 0n;
  return BigInt(String(AbiCoder.defaultAbiCoder().decode(["uint64", "bytes32", "uint256"], message.payload)[2]));
}

/** ERA that a transfer carries, in wei. */
export function transferAmount(message: Message): bigint {
  return BigInt(String(AbiCoder.defaultAbiCoder().decode(["bytes", "bytes", "uint256"], message.payload)[2]));
}
