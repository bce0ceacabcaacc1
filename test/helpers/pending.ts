import { deliver, type TestNetwork, type TestRollup } from "./network.ts";

/** Delivers everything that is open on the lane in one batch, the way a relayer would; does nothing if nothing is open. */
export async function deliverPending(net: TestNetwork, src: TestRollup, dst: TestRollup): Promise<void> {
  const { nonce } = await src.gateway.outLane(dst.chainId);
  for (let from = 0n; from < nonce; from++) {
    if (await dst.gateway.isDelivered(src.chainId, from)) continue;
    await (await deliver(net, src, dst, { from })).wait();
    return;
  }
}

/** {@link deliverPending} on every lane of the network. */
export async function deliverAllPending(net: TestNetwork): Promise<void> {
  for (const src of net.rollups) {
    for (const dst of net.rollups) if (src !== dst) await deliverPending(net, src, dst);
  }
}
