import { parseBlock, toQuantity } from "../../../chain/blocks.ts";
import { shortHash } from "../../../cli/format.ts";
import type { World } from "../../world.ts";
import { siteAt, until } from "../../world.ts";

const LIMIT_MS = 60_000;

/** Reads on one rollup what it has recorded of another: block hash and state root of an anchored block, proven by the guardians. */
export async function heads(world: World): Promise<void> {
  const [reader, subject] = [siteAt(world, 2), siteAt(world, 0)];
  const { inbox } = reader.connection.contracts;
  await until(world, `${reader.name} has recorded a head of ${subject.name}`, LIMIT_MS, async () => {
    const [, { recordedAt }] = await inbox.latestHead(subject.chainId);
    return recordedAt !== 0n;
  });
  const [index, head] = await inbox.latestHead(subject.chainId);
  const [header, anchor] = await Promise.all([
    subject.node.rpc("eth_getBlockByNumber", toQuantity(head.number), false).then(parseBlock),
    subject.connection.contracts.anchorLog.anchorAt(index),
  ]);
  const isRight =
    header.hash === head.blockHash && header.stateRoot === head.stateRoot && anchor.blockHash === head.blockHash;
  const text = `${reader.name} knows block ${head.number} of ${subject.name}: state root ${shortHash(head.stateRoot)}`;
  world.note("heads", text);
  world.check("heads", "the recorded state root is that of the real header", isRight, text);
}
