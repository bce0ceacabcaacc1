import { readFileSync } from "node:fs";
import { AbiCoder } from "ethers";
import { z } from "zod";
import { attestationDigest, bitmapOf, encodeAttestation, isQuorum } from "../../../../sdk/src/attestation.ts";
import { encodeBatches, TAG_MESSAGE } from "../../../../sdk/src/batch.ts";
import type { Address, Hex } from "../../../../sdk/src/bytes.ts";
import { CLASS_FINAL, factProof, laneFactHash, networkRoot, type LaneFact } from "../../../../sdk/src/fact.ts";
import { formatEvmAccount } from "../../../../sdk/src/interop.ts";
import { chainHeads, KIND_MESSAGE, messageHash, type Message } from "../../../../sdk/src/message.ts";
import { laneId } from "../../../../sdk/src/route.ts";
import { pointToHex, publicKey } from "../../../../sdk/src/schnorr.ts";
import { combine, createNonce, openSession, signPartial, sortEntries } from "../../../../sdk/src/session.ts";
import { treeRoot } from "../../../../sdk/src/tree.ts";
import { ZERO_HASH } from "../../../../sdk/src/bytes.ts";
import { guardianKeyFile } from "../../../devnet/parameters.ts";
import type { Call } from "../../account.ts";
import type { SeenSend } from "../../observer.ts";
import type { Site, World } from "../../world.ts";

const keyFile = z.object({ secretKey: z.string().transform(BigInt) });

/** What the thieves hand in. */
export interface Forgery {
  readonly call: Call;
  /** The id of the message that nobody sent. */
  readonly receiveId: Hex;
}

/**
 * A false `final` fact: true heads, so that whoever compares only these sees nothing, and the root of a batch in which a transfer of ERA stands
 * where the lane has another message. Signed with these guardians' own keys in a real session.
 */
export async function forgeTransfer(
  world: World,
  lane: { readonly src: Site; readonly dst: Site },
  replaced: SeenSend,
  prize: { readonly to: Address; readonly wei: bigint; readonly liars: readonly number[] },
): Promise<Forgery> {
  const { src, dst } = lane;
  const { nonce } = replaced.message;
  const route = await world.client.lane(src.chainId, dst.chainId);
  const sent = await world.client.messages(src.chainId, dst.chainId, 0n, nonce + 1n);
  const ids = sent.map(({ sendId }) => sendId);
  const headBefore = chainHeads(laneId(route), ids.slice(0, -1));
  const message = transferMessage(src, dst, nonce, prize.to, prize.wei);
  const receiveId = messageHash(route.networkId, route, message);
  const fact: LaneFact = {
    ...{ class: CLASS_FINAL, laneId: laneId(route), from: nonce, to: nonce + 1n },
    ...{ headBefore, headAt: chainHeads(headBefore, ids.slice(-1)), batchRoot: treeRoot([receiveId]) },
    srcBlockHash: ZERO_HASH,
  };
  const hash = laneFactHash(fact);
  const attestation = await sign(world, dst, route.networkId, networkRoot([hash]), prize.liars);
  const { kind: _, nonce: __, ...content } = message;
  const batch = { class: fact.class, srcChainId: src.chainId, from: nonce, count: 1, first: 0, gasBoost: 0n };
  const heads = { headBefore, headAt: fact.headAt, srcBlockHash: ZERO_HASH, siblings: [] };
  const proof = factProof([hash], hash);
  const batches = encodeBatches([
    { ...batch, ...heads, factProof: proof, entries: [{ tag: TAG_MESSAGE, ...content }] },
  ]);
  const { gateway } = dst.connection.contracts;
  const data = gateway.interface.encodeFunctionData("relay", [attestation, batches]);
  const to = dst.connection.description.contracts.MetalayerGateway;
  return { call: { to, data, gas: 2_000_000n }, receiveId };
}

/** As the ERA of the source would have sent it. */
function transferMessage(src: Site, dst: Site, nonce: bigint, to: Address, wei: bigint): Message {
  const from = formatEvmAccount({ chainId: src.chainId, address: to });
  // CAST: ethers gives hex.
  const payload = AbiCoder.defaultAbiCoder().encode(["bytes", "bytes", "uint256"], [from, to, wei]) as Hex;
  const [sender, recipient] = [src, dst].map((site) => site.connection.description.contracts.Era);
  if (sender === undefined || recipient === undefined) throw new Error("both have an Era");
  return { kind: KIND_MESSAGE, nonce, gasLimit: 200_000n, fee: 0n, sender, recipient, payload };
}

/** What these guardians sign with their keys, for the table in force on a rollup. */
async function sign(
  { devnet }: World,
  { connection }: Site,
  networkId: Hex,
  root: Hex,
  liars: readonly number[],
): Promise<Hex> {
  const { guardianSet } = connection.contracts;
  const serial = await guardianSet.currentSerial();
  const [table, { totalWeight }] = await Promise.all([
    guardianSet.guardians(serial, 0, 256),
    guardianSet.table(serial),
  ]);
  const members = liars.map((index) => {
    const file = guardianKeyFile(devnet.options.folder, index);
    const { secretKey } = keyFile.parse(JSON.parse(readFileSync(file, "utf8")));
    return { secretKey, key: publicKey(secretKey), nonce: createNonce(secretKey) };
  });
  const known = new Set(members.map(({ key }) => key.x));
  const places = table.filter(({ key }) => known.has(key.x));
  if (
    !isQuorum(
      places.reduce((sum, { weight }) => sum + weight, 0n),
      totalWeight,
    )
  )
    throw new Error("the liars hold no quorum");
  const own = members.map(({ key, nonce }) => ({ key: pointToHex(key), ...nonce.commitment }));
  const session = { networkId, message: attestationDigest(networkId, root), entries: sortEntries(own) };
  const partials = new Map(
    members.map(({ secretKey, key, nonce }) => {
      const partial = signPartial({ secretKey, nonce, session, isProven: ({ x }) => known.has(x) });
      return [pointToHex(key), partial] as const;
    }),
  );
  const signature = combine(
    openSession(session),
    session.entries.map(({ key }) => partials.get(key) ?? "0x"),
  );
  const bitmap = bitmapOf(places.map(({ index }) => Number(index)));
  return encodeAttestation({ root, serial: Number(serial), signature, bitmap });
}
