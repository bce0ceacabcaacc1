import type { ContractDeployTransaction } from "ethers";
import { FEE_UNIT_WEI } from "../../../sdk/src/fees.ts";
import { FeedMirror__factory } from "../../../typechain-types/factories/contracts/data/FeedMirror__factory.js";
import { FeedReader__factory } from "../../../typechain-types/factories/contracts/data/FeedReader__factory.js";
import type { Context } from "../command.ts";
import { UsageError } from "../command.ts";
import type { Connection } from "../connection.ts";
import { findNetwork, withRollups } from "../network.ts";
import { broadcasterOf, publicationAddress } from "../publications/contracts.ts";
import { refusal, transact } from "../transactions.ts";
import { findWallet, signOn } from "../wallet.ts";
import type { FeedOptions } from "./manage.ts";
import { readFeed, wordsOf, type Feed } from "./terms.ts";

export interface MirrorOptions extends FeedOptions {
  readonly to: string | undefined;
  /** Wei of ERA for each round; nothing unless given. */
  readonly price: bigint | undefined;
  /** Of each call. */
  readonly gas: number | undefined;
}

const CALL_GAS = 100_000;

/** Deploys what answers the feed on a rollup, with Chainlink's interface. */
export async function mirrorFeed(context: Context, file: string, options: MirrorOptions): Promise<void> {
  const { to, price = 0n, dryRun } = options;
  if (to === undefined) throw new UsageError("feed mirror needs --to <rollup>, where it is to be read");
  if (price % FEE_UNIT_WEI !== 0n) throw new UsageError("--price has at most 9 digits after the point");
  const { output, path } = context;
  const network = findNetwork(context, options.network);
  const feed = readFeed(path(file), network.rollup(options.on));
  const there = network.rollup(to);
  const wallet = await findWallet(context, network, options);
  const isOwn = there.name === feed.rollup.name;
  await withRollups(isOwn ? [there] : [feed.rollup, there], async (connections) => {
    const [source, target = source] = connections;
    if (source === undefined || target === undefined) throw new Error("a connection per rollup");
    const signing = await signOn(target, wallet);
    const creation = await (isOwn ? readerOf(feed) : mirrorOf(feed, source, target, options));
    const result = { feed: feed.id, rollup: target.name, dryRun };
    if (dryRun) {
      const gas = await estimate(target, signing.address, creation);
      output.line(`Nothing was sent; on ${target.name} it would take ${gas.toLocaleString("en-US")} gas.`);
      output.result({ ...result, gas });
      return;
    }
    const what = `let ${feed.terms.description} be read there`;
    const receipt = await transact(target, what, () => signing.wallet.sendTransaction(creation));
    const contract = receipt.contractAddress ?? "";
    output.line(`${feed.terms.description} is read on ${target.name} at ${contract}, as Chainlink's aggregators are.`);
    const fund = `./metalayer subscriptions fund ${contract} --amount 1`;
    const brought = price === 0n ? "./metalayer feed show tells when its first round has come" : fund;
    output.line(`Next: ${isOwn ? "latestRoundData() answers at once" : brought}`);
    output.result({ ...result, contract, gas: receipt.gasUsed, hash: receipt.hash });
  });
}

/** On the feed's own rollup nothing has to be brought. */
function readerOf(feed: Feed): Promise<ContractDeployTransaction> {
  return new FeedReader__factory().getDeployTransaction(feed.site.feeds, wordsOf(feed));
}

/** Elsewhere it subscribes: what is published from now on is brought to it. */
async function mirrorOf(
  feed: Feed,
  source: Connection,
  target: Connection,
  { price = 0n, gas = CALL_GAS }: MirrorOptions,
): Promise<ContractDeployTransaction> {
  const [newest, incarnation] = await Promise.all([
    broadcasterOf(source.description, source.provider).newestIndex(feed.site.feeds),
    target.contracts.registry.incarnationOf(source.chainId),
  ]);
  const broadcaster = publicationAddress(source.description, "Broadcaster");
  const callTerms = { gasLimit: gas, start: newest + 1n, price: price / FEE_UNIT_WEI };
  return new FeedMirror__factory().getDeployTransaction(
    publicationAddress(target.description, "Subscriptions"),
    { ...feed.site, incarnation, broadcaster },
    wordsOf(feed),
    callTerms,
  );
}

async function estimate(
  { name, provider }: Connection,
  from: string,
  creation: ContractDeployTransaction,
): Promise<bigint> {
  try {
    return await provider.estimateGas({ ...creation, from });
  } catch (error) {
    throw refusal(name, "let it be read there", error) ?? error;
  }
}
