import { expect } from "chai";
import {
  addressOf,
  createEconomy,
  deliverFrom,
  eraPayload,
  ETHER,
  failures,
  forge,
  remember,
  transfer,
  type Economy,
  type EconomyRollup,
} from "../helpers/economy.ts";
import { laneOf, rangeOf } from "../helpers/network.ts";
import { messageHash } from "../../sdk/src/message.ts";

/** A deployment has equal addresses on all rollups; Era then needs no stored link. All other tests use different ones. */
describe("Era: with the same addresses on every rollup", () => {
  let net: Economy;
  let a: EconomyRollup;
  let b: EconomyRollup;
  let restore: () => Promise<void>;

  before(async () => {
    net = await createEconomy(["rollupA", "rollupB"], { sameAddresses: true });
    [a, b] = net.rollups as [EconomyRollup, EconomyRollup]; // CAST: two names, two rollups
    restore = await remember(net);
  });

  afterEach(async () => restore());

  it("moves ERA in both directions", async () => {
    expect(await a.era.getAddress()).to.equal(await b.era.getAddress());
    await transfer(a, b, a.holder, b.user, 5n * ETHER);
    await deliverFrom(net, a, b);
    await transfer(b, a, b.user, a.user, 2n * ETHER);
    await deliverFrom(net, b, a);
    expect(await b.era.totalSupply()).to.equal(3n * ETHER);
    expect(await a.era.balanceOf(a.user)).to.equal(2n * ETHER);
  });

  it("sends back what does not fit", async () => {
    await b.rollupRegistry.setCeiling(a.chainId, 0n, 0n);
    await transfer(a, b, a.holder, b.user, 5n * ETHER);
    const supply = await a.era.totalSupply();
    const [message] = (await rangeOf(a, b)).messages;
    if (message === undefined) throw new Error("nothing was sent");
    await b.era.connect(b.user).requestReturn(messageHash(net.networkId, await laneOf(a, b), message));
    await deliverFrom(net, a, b);
    await deliverFrom(net, b, a);
    expect(await a.era.totalSupply()).to.equal(supply + 5n * ETHER);
    expect(await b.era.totalSupply()).to.equal(0n);
  });

  it("EXPLOITS 32 EXPLOITS 40 takes nothing from another account of the source, and nothing but from the gateway", async () => {
    const payload = eraPayload(a, await a.user.getAddress(), await b.user.getAddress(), ETHER);
    const recipient = await addressOf(b.era);
    const forgery = await forge(net, a, b, [{ sender: await addressOf(a.user), recipient, payload }]);
    const [failure] = await failures(b, forgery);
    expect(failure?.name).to.equal("ERC7786RecipientUnauthorizedGateway");
    expect(await b.era.totalSupply()).to.equal(0n);
  });

  it("follows the link that the administrator sets instead, and no longer the old address", async () => {
    const other = await addressOf(a.user);
    await b.era.connect(b.deployer).setSource(a.chainId, b.gateway, other, ETHER, ETHER);
    const payload = eraPayload(a, await a.user.getAddress(), await b.user.getAddress(), ETHER);
    const recipient = await addressOf(b.era);
    const [failure] = await failures(
      b,
      await forge(net, a, b, [{ sender: await addressOf(a.era), recipient, payload }]),
    );
    expect(failure?.name).to.equal("ERC7786RecipientUnauthorizedGateway");
    await forge(net, a, b, [{ sender: other, recipient, payload }]);
    expect(await b.era.balanceOf(b.user)).to.equal(ETHER);
  });
});
