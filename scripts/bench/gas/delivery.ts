import { CLASS_FAST } from "../../../sdk/src/fact.ts";
import { RecipientMock__factory } from "../../../typechain-types/index.js";
import { cacheSigners, deliver, madeUp, prepare, relay, warmUp, type Wanted } from "./lane.ts";
import { addressOf, type GasNetwork } from "./network.ts";
import { costOf, perItem, row, type Cost, type GasRow, type Networks, type Subject } from "./row.ts";

/** The smallest quorum of four. */
const SIGNERS = [0, 1, 2];
const REVERT = 1;
const FAST_PER_DAY = 1_000n;

/** What a relayer pays on the destination: attestation and delivery in one transaction, two facts in the attested tree. */
export const deliveries: Subject = {
  title: "Delivery, signed by 3 of 4 guardians whose sum key is cached",
  async rows(networks) {
    const measure = async (wanted: Wanted): Promise<Cost> => deliver(await steady(networks), withSigners(wanted));
    const distinct = (await networks(4)).other.recipients.slice(1);
    const ccip = "CCIP 1.6 48,018";
    return [
      row("delivery of one message of 32 bytes", await measure({}), {
        budget: 75_000,
        peer: "Hyperlane 1-of-1 79,920",
      }),
      row("delivery of one message of 256 bytes", await measure({ payload: 256 }), { peer: "Hyperlane 1-of-1 83,837" }),
      ...(await batches(measure, { count: 16, small: 10_000, large: 14_500, peer: ccip })),
      perItem(
        "delivery in a batch of 16, distinct recipients",
        await measure({ count: 16, recipients: distinct }),
        16,
        {
          budget: 12_500,
          peer: ccip,
        },
      ),
      ...(await batches(measure, { count: 64, small: 7_000, large: 13_000 })),
      perItem(
        "delivery in a batch of 64, distinct recipients",
        await measure({ count: 64, recipients: distinct }),
        64,
        {
          budget: 9_500,
        },
      ),
      row("delivery of one message out of 64", await measure({ covered: 64 })),
      row("delivery of one message out of 1,024", await measure({ covered: 1_024 })),
      row("delivery to a recipient that reverts", await failing(networks)),
      row("delivery of one `fast` message", await fast(networks), { budget: 80_500 }),
      ...(await byStoredRoot(networks)),
    ] satisfies GasRow[];
  },
};

interface BatchRows {
  readonly count: number;
  readonly small: number;
  readonly large: number;
  readonly peer?: string;
}

async function batches(measure: (wanted: Wanted) => Promise<Cost>, rows: BatchRows): Promise<GasRow[]> {
  const { count, small, large, peer } = rows;
  const limits = peer === undefined ? {} : { peer };
  return [
    perItem(`delivery in a batch of ${count}`, await measure({ count }), count, { budget: small, ...limits }),
    perItem(`delivery in a batch of ${count} of 256 bytes`, await measure({ count, payload: 256 }), count, {
      budget: large,
    }),
  ];
}

const withSigners = (wanted: Wanted): Wanted => ({ signers: SIGNERS, ...wanted });

/** Four guardians, their quorum's key cached, messages delivered before. */
export async function steady(networks: Networks): Promise<GasNetwork> {
  const net = await networks(4);
  await cacheSigners(net, SIGNERS);
  await warmUp(net);
  return net;
}

async function failing(networks: Networks): Promise<Cost> {
  const net = await steady(networks);
  const recipient = await new RecipientMock__factory(net.other.operator).deploy();
  await (await recipient.setMode(REVERT)).wait();
  return deliver(net, withSigners({ recipients: [await addressOf(recipient)] }));
}

/** The second one of its fingerprint word, within an allowance that is in use. */
async function fast(networks: Networks): Promise<Cost> {
  const net = await steady(networks);
  const [recipient] = net.other.recipients;
  if (recipient === undefined) throw new Error("there are recipients");
  const gateway = net.other.gateway.connect(await net.other.as(recipient));
  await (await gateway.setFastLimit(recipient, net.home.chainId, FAST_PER_DAY)).wait();
  await deliver(net, withSigners({ class: CLASS_FAST, messages: [madeUp(net, {}, 0)] }));
  return deliver(net, withSigners({ class: CLASS_FAST, messages: [madeUp(net, {}, 1)] }));
}

async function byStoredRoot(networks: Networks): Promise<GasRow[]> {
  const net = await steady(networks);
  const { attestation, batches: packed } = await prepare(net, withSigners({}));
  const stored = await costOf(net.other.stateRootInbox.connect(net.other.relayer).submit(attestation));
  // CAST: the first word of a hex string
  const root = attestation.slice(0, 66) as typeof attestation;
  return [
    row("storing a network root", stored),
    row("delivery of one message under a stored root", await relay(net, root, packed)),
  ];
}
