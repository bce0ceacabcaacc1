import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";
import { hashText } from "../../sdk/src/bytes.ts";
import { StateRequests__factory } from "../../typechain-types/index.js";
import { answerHead, attestedHead, headOf, STATE_PRICES } from "../helpers/stateRequests.ts";
import { SPAN, UNIT } from "./feeNetwork.ts";
import { createRequestNetwork, HEAD, type RequestNetwork } from "./requestNetwork.ts";

const HOUR = 3_600n;

describe("StateRequests", () => {
  // CAST: set before any test runs
  let { net, a, b, sender, desk, restore, creditOf, as, isBacked } = {} as RequestNetwork;

  before(async () => {
    ({ net, a, b, sender, desk, restore, creditOf, as, isBacked } = await createRequestNetwork());
  });

  afterEach(async () => restore());

  const askHead = (anchorIndex = 7n, account = sender) => as(account).requestHead(b.chainId, anchorIndex);
  const headId = async (anchorIndex = 7n): Promise<string> =>
    desk.requests.idOf(b.chainId, anchorIndex, ZeroAddress, ZeroHash);

  describe("requestHead", () => {
    it("takes exactly the price from the asker's credit, and moves its ERA", async () => {
      const [credit, held, supply] = [await creditOf(sender), await a.fees.held(), await a.era.totalSupply()];
      const account = await sender.getAddress();
      const tx = askHead();
      await expect(tx)
        .to.emit(desk.requests, "StateRequested")
        .withArgs(await headId(), b.chainId, 7n, ZeroAddress, ZeroHash, account, HEAD.units);
      await expect(tx)
        .to.emit(a.fees, "CreditSpent")
        .withArgs(account, account, await desk.requests.getAddress(), HEAD.sum);
      expect(await creditOf(sender)).to.equal(credit - HEAD.units);
      expect(await a.fees.held()).to.equal(held - HEAD.sum);
      expect(await desk.requests.held()).to.equal(HEAD.sum);
      expect(await a.era.totalSupply()).to.equal(supply);
      await isBacked();
    });

    it("is refused without credit, and changes nothing", async () => {
      const poor = await a.user.getAddress();
      await expect(askHead(7n, a.user))
        .to.be.revertedWithCustomError(a.fees, "FeesInsufficientCredit")
        .withArgs(poor, HEAD.sum);
      expect((await desk.requests.request(await headId())).madeAt).to.equal(0n);
    });

    it("R28 lets a sponsor pay within its limit per period, and not a unit beyond", async () => {
      const [user, payer] = [await a.user.getAddress(), await sender.getAddress()];
      await a.gateway.connect(a.user).setSponsor(payer);
      await a.gateway.connect(sender).sponsor(user, 2n * HEAD.units - 1n, 86_400);
      const credit = await creditOf(sender);
      await expect(askHead(7n, a.user))
        .to.emit(a.fees, "CreditSpent")
        .withArgs(user, payer, await desk.requests.getAddress(), HEAD.sum);
      expect(await creditOf(sender)).to.equal(credit - HEAD.units);
      expect((await desk.requests.request(await headId())).payer).to.equal(payer);
      await expect(askHead(8n, a.user))
        .to.be.revertedWithCustomError(a.fees, "FeesInsufficientCredit")
        .withArgs(user, HEAD.sum);
      await isBacked();
    });

    it("is refused for an unknown rollup, what is not on offer, what is asked for and what is known", async () => {
      const { requests, inbox } = desk;
      await expect(requests.connect(sender).requestHead(999n, 7n))
        .to.be.revertedWithCustomError(requests, "RequestsUnknownRollup")
        .withArgs(999n);
      await askHead();
      await expect(askHead())
        .to.be.revertedWithCustomError(requests, "RequestsAlreadyOpen")
        .withArgs(await headId());
      await inbox.recordHead(...(await attestedHead(net, a, headOf(b, 8n))));
      await expect(askHead(8n))
        .to.be.revertedWithCustomError(requests, "RequestsAlreadyKnown")
        .withArgs(await headId(8n));
      await requests.setTerms(b.chainId, { headPrice: 0n, slotPrice: 1n });
      await expect(askHead(9n)).to.be.revertedWithCustomError(requests, "RequestsNotOffered").withArgs(b.chainId);
    });
  });

  describe("answerHead", () => {
    it("Σ shares = price: pays the answerer at once, and fund, burn and guardians at the sweep", async () => {
      await askHead();
      const fact = headOf(b, 7n);
      const answerer = await a.relayer.getAddress();
      const before = await a.era.balanceOf(answerer);
      await expect(answerHead(net, desk, fact, a.relayer))
        .to.emit(desk.requests, "StateAnswered")
        .withArgs(await headId(), answerer, fact.stateRoot, HEAD.answerer);
      expect((await desk.inbox.head(b.chainId, 7n)).stateRoot).to.equal(fact.stateRoot);
      expect((await a.era.balanceOf(answerer)) - before).to.equal(HEAD.answerer);
      expect(await desk.requests.due()).to.deep.equal([HEAD.fund, HEAD.burn, HEAD.guardians]);
      expect(HEAD.answerer + HEAD.fund + HEAD.burn + HEAD.guardians).to.equal(HEAD.sum);
      expect(HEAD.answerer > 0n && HEAD.fund > 0n && HEAD.burn > 0n && HEAD.guardians > 0n).to.equal(true);

      const [supply, burnt] = [await a.era.totalSupply(), await a.fees.burntForGood()];
      const [fund, pot] = [await a.era.balanceOf(a.fund), (await a.rewards.books()).pot];
      await expect(as(a.user).sweep())
        .to.emit(desk.requests, "SharesSwept")
        .withArgs(HEAD.fund, HEAD.burn, HEAD.guardians);
      expect((await a.era.balanceOf(a.fund)) - fund).to.equal(HEAD.fund);
      expect((await a.fees.burntForGood()) - burnt).to.equal(HEAD.burn);
      expect(supply - (await a.era.totalSupply())).to.equal(HEAD.burn);
      expect((await a.rewards.books()).pot - pot).to.equal(HEAD.guardians);
      expect(await desk.requests.held()).to.equal(0n);
      await isBacked();
      await expect(desk.requests.sweep()).not.to.emit(desk.requests, "SharesSwept");
    });

    it("C24 pays exactly once: who copies an answer earns it, the copied one nothing", async () => {
      await askHead();
      const fact = headOf(b, 7n);
      await answerHead(net, desk, fact, a.user);
      await expect(answerHead(net, desk, fact, a.relayer))
        .to.be.revertedWithCustomError(desk.requests, "RequestsNotOpen")
        .withArgs(await headId());
      expect(await desk.requests.held()).to.equal(HEAD.sum - HEAD.answerer);
    });

    it("pays nothing for another anchor, for what guardians did not sign, and without a request", async () => {
      await askHead();
      await expect(answerHead(net, desk, headOf(b, 8n), a.relayer))
        .to.be.revertedWithCustomError(desk.requests, "RequestsNotOpen")
        .withArgs(await headId(8n));
      const [attestation] = await attestedHead(net, a, headOf(b, 7n));
      const lie = headOf(b, 7n, hashText("lie"));
      await expect(as(a.relayer).answerHead(attestation, lie, 0, 1, "0x")).to.be.revertedWithCustomError(
        desk.inbox,
        "InboxRootMismatch",
      );
      expect((await desk.requests.request(await headId())).paid).to.equal(HEAD.units);
    });

    it("R20 nobody needs it: a head is recorded without a fee while it is asked for, and what was paid goes back", async () => {
      const credit = await creditOf(sender);
      await askHead();
      await desk.inbox.connect(a.relayer).recordHead(...(await attestedHead(net, a, headOf(b, 7n))));
      await expect(answerHead(net, desk, headOf(b, 7n), a.relayer)).to.be.revertedWithCustomError(
        desk.inbox,
        "InboxHeadKnown",
      );
      await a.connection.networkHelpers.time.increase(HOUR);
      await as(a.user).withdraw(await headId());
      expect(await creditOf(sender)).to.equal(credit);
      await isBacked();
    });
  });

  describe("withdraw", () => {
    it("waits an hour, to the second, and gives all back to whoever paid: the sponsor, not its user", async () => {
      const [user, payer] = [await a.user.getAddress(), await sender.getAddress()];
      await a.gateway.connect(a.user).setSponsor(payer);
      await a.gateway.connect(sender).sponsor(user, SPAN, 86_400);
      const credit = await creditOf(sender);
      await askHead(7n, a.user);
      const request = await headId();
      const earliest = (await desk.requests.request(request)).madeAt + HOUR;
      const { time } = a.connection.networkHelpers;
      await time.setNextBlockTimestamp(earliest - 1n);
      await expect(as(a.user).withdraw(request))
        .to.be.revertedWithCustomError(desk.requests, "RequestsTooEarly")
        .withArgs(request, earliest);
      await time.setNextBlockTimestamp(earliest);
      await expect(as(a.user).withdraw(request))
        .to.emit(desk.requests, "RequestWithdrawn")
        .withArgs(request, payer, HEAD.sum);
      expect([await creditOf(sender), await creditOf(a.user)]).to.deep.equal([credit, 0n]);
      await expect(as(a.user).withdraw(request))
        .to.be.revertedWithCustomError(desk.requests, "RequestsNotOpen")
        .withArgs(request);
      expect(await desk.requests.held()).to.equal(0n);
      await isBacked();
    });

    it("gives back what was paid, whatever a request costs by now", async () => {
      const credit = await creditOf(sender);
      await askHead();
      await desk.requests.setTerms(b.chainId, { headPrice: 4_000_000n, slotPrice: 0n });
      await a.connection.networkHelpers.time.increase(HOUR);
      await desk.requests.withdraw(await headId());
      expect(await creditOf(sender)).to.equal(credit);
    });
  });

  it("R10 a request about an old incarnation is answered by no fact of the new one, and can be withdrawn", async () => {
    await askHead();
    const old = await headId();
    const known = await a.rollupRegistry.rollup(b.chainId);
    const { gateway, anchorLog, stack, finality, finalityDepth, era, ceiling, eraCapacity } = known;
    const again = {
      chainId: b.chainId,
      incarnation: 2n,
      gateway,
      anchorLog,
      stack,
      finality,
      finalityDepth,
      era,
      ceiling,
      eraCapacity,
      status: 0n,
    };
    await a.rollupRegistry.admit(again);
    expect(await headId()).not.to.equal(old);
    const renewed = { ...headOf(b, 7n), incarnation: 2n };
    await expect(answerHead(net, desk, renewed, a.relayer)).to.be.revertedWithCustomError(
      desk.requests,
      "RequestsNotOpen",
    );
    await expect(answerHead(net, desk, headOf(b, 7n), a.relayer)).to.be.revertedWithCustomError(
      desk.inbox,
      "InboxUnknownRollup",
    );
    await a.connection.networkHelpers.time.increase(HOUR);
    await expect(desk.requests.withdraw(old)).to.emit(desk.requests, "RequestWithdrawn");
  });

  it("EXPLOITS 33 credit is spent by the contract that charges its own callers, and terms are set by governance", async () => {
    const stranger = await a.user.getAddress();
    const payer = await sender.getAddress();
    await expect(a.fees.connect(a.user).spendCredit(payer, UNIT))
      .to.be.revertedWithCustomError(a.fees, "AccessManagedUnauthorized")
      .withArgs(stranger);
    await expect(a.gateway.connect(a.user).payFromCredit(payer, 1n))
      .to.be.revertedWithCustomError(a.gateway, "GatewayUnauthorized")
      .withArgs(stranger);
    await expect(as(a.user).setTerms(b.chainId, STATE_PRICES))
      .to.be.revertedWithCustomError(desk.requests, "AccessManagedUnauthorized")
      .withArgs(stranger);
    await expect(desk.requests.setTerms(b.chainId, { headPrice: 1n, slotPrice: 2n }))
      .to.emit(desk.requests, "TermsChanged")
      .withArgs(b.chainId, 1n, 2n);
    expect(await desk.requests.termsOf(b.chainId)).to.deep.equal([1n, 2n]);
  });

  it("refuses to be without one of the contracts that it asks", async () => {
    const { rollup, inbox, requests } = desk;
    const { manager, era, fees, gateway, rollupRegistry, rewards } = rollup;
    const whole = { era, feeController: fees, gateway, registry: rollupRegistry, inbox, reader: inbox, rewards };
    for (const part of Object.keys(whole)) {
      const wiring = { ...whole, [part]: ZeroAddress };
      await expect(new StateRequests__factory(a.deployer).deploy(manager, wiring)).to.be.revertedWithCustomError(
        requests,
        "RequestsInvalidWiring",
      );
    }
  });
});
