import { expect } from "chai";
import { concat, id, keccak256, toBeHex, ZeroAddress } from "ethers";
import { Random } from "../../scripts/checks/vectors/random.ts";
import { ZERO_HASH, type Hex } from "../../sdk/src/bytes.ts";
import { appAccount, appAddress } from "../../sdk/src/omni.ts";
import { OmniAppMock__factory, OmniDeployer__factory, RecipientMock__factory } from "../../typechain-types/index.js";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { interop } from "../helpers/network.ts";
import {
  addressAt,
  APP_CODE,
  appArgs,
  appOn,
  codeOfSize,
  deployed,
  deliverTo,
  omniNetwork,
  placement,
  SALT,
  setCall,
} from "../helpers/omni.ts";

describe("OmniDeployer", () => {
  describe("deploy", () => {
    it("places an application on all rollups with one transaction, with other arguments on each, owned by one account", async () => {
      const { tx, apps, sites, a, ownerAddress } = await deployed();
      for (const [index, site] of sites.entries()) {
        const account = await site.deployer.accountOf(a.chainId, ownerAddress);
        expect(await apps[index]?.owner()).to.equal(account);
        expect(await apps[index]?.value()).to.equal(site.chainId);
        const [salt, ...rest] = await site.deployer.appAt(apps[index] ?? "");
        expect(rest).to.deep.equal([account, a.chainId, ownerAddress]);
        if (site === a) await expect(tx).to.emit(a.deployer, "AppPlaced").withArgs(salt, apps[0], account);
        else
          await expect(tx)
            .to.emit(a.deployer, "AppSent")
            .withArgs(salt, site.chainId, apps[index], ownerAddress, anyHash);
      }
      expect(new Set(await Promise.all(apps.map((app) => app.getAddress()))).size).to.equal(3);
    });

    it("gives the same address on every rollup where it stands at the same address itself", async () => {
      const { apps, sites, a, ownerAddress } = await deployed("same");
      const addresses = await Promise.all(apps.map((app) => app.getAddress()));
      expect(new Set(addresses).size).to.equal(1);
      const accounts = await Promise.all(sites.map(({ deployer }) => deployer.accountOf(a.chainId, ownerAddress)));
      expect(new Set(accounts).size).to.equal(1);
    });

    it("tells every application its peers, and nothing about others", async () => {
      const { apps, sites } = await deployed();
      for (const [index, { deployer }] of sites.entries()) {
        for (const [other, { chainId }] of sites.entries()) {
          expect(await deployer.peerOf(apps[index] ?? "", chainId)).to.equal(apps[other]?.target);
          expect(await deployer.peerOf(deployer, chainId)).to.equal(ZeroAddress);
        }
        expect(await deployer.appAt(deployer)).to.deep.equal([ZERO_HASH, ZeroAddress, 0n, ZeroAddress]);
      }
    });

    it("makes the initial call in the owner's name; where it fails nothing is placed", async () => {
      const omni = await omniNetwork();
      const { a, b, c, owner } = omni;
      const who = { chainId: a.chainId, address: omni.ownerAddress };
      const deploy = a.deployer.connect(owner);
      await deploy.deploy(SALT, APP_CODE, [
        await placement(a, who, { initialCall: setCall(70n) }),
        await placement(b, who, { initialCall: setCall(71n) }),
        await placement(c, who, { initialCall: setCall(13n) }),
      ]);
      expect(await deliverTo(omni, a, b)).to.deep.equal([]);
      expect(await deliverTo(omni, a, c)).to.deep.equal(["OmniAppMockRefused(13)"]);
      expect(await (await appOn(omni, a)).value()).to.equal(70n);
      expect(await (await appOn(omni, b)).value()).to.equal(71n);
      expect(await c.rollup.connection.ethers.provider.getCode(addressAt(omni, c))).to.equal("0x");
      expect((await c.deployer.appAt(addressAt(omni, c))).owner).to.equal(ZeroAddress);
      await expect(
        deploy.deploy(id("another"), APP_CODE, [await placement(a, who, { initialCall: setCall(13n) })]),
      ).to.be.revertedWithCustomError(await appOn(omni, a), "OmniAppMockRefused");
    });

    it("R23 keeps a message that lacked gas deliverable by anyone, to the same address", async () => {
      const omni = await omniNetwork();
      const { a, b, owner, ownerAddress } = omni;
      const who = { chainId: a.chainId, address: ownerAddress };
      await a.deployer.connect(owner).deploy(SALT, APP_CODE, [await placement(b, who, { gasLimit: 300_000n })]);
      expect(await deliverTo(omni, a, b)).to.have.length(1);
      expect(await b.rollup.connection.ethers.provider.getCode(addressAt(omni, b))).to.equal("0x");
      expect(await deliverTo(omni, a, b, { gasBoost: 2_000_000n })).to.deep.equal([]);
      expect(await (await appOn(omni, b)).value()).to.equal(b.chainId);
    });

    it("EXPLOITS 32 gives nobody an address of somebody else: not with his salt and code, nor from the same address elsewhere", async () => {
      const omni = await omniNetwork("same");
      const { a, b, owner, ownerAddress } = omni;
      const wanted = addressAt(omni, b);
      const stranger = b.rollup.relayer;
      const thief = { chainId: b.chainId, address: await stranger.getAddress() };
      const copy = [await placement(b, thief)];
      await b.deployer.connect(stranger).deploy(SALT, APP_CODE, copy);
      // The same key on another rollup is another owner.
      const namesake = b.rollup.user;
      expect(await namesake.getAddress()).to.equal(ownerAddress);
      await b.deployer.connect(namesake).deploy(SALT, APP_CODE, copy);
      expect(await b.rollup.connection.ethers.provider.getCode(wanted)).to.equal("0x");
      await a.deployer
        .connect(owner)
        .deploy(SALT, APP_CODE, [await placement(b, { chainId: a.chainId, address: ownerAddress })]);
      expect(await deliverTo(omni, a, b)).to.deep.equal([]);
      expect(await (await appOn(omni, b)).owner()).to.equal(await b.deployer.accountOf(a.chainId, ownerAddress));
    });

    it("commits to the creation code: other code never stands at an application's address", async () => {
      const omni = await deployed();
      const { a, b, owner, ownerAddress } = omni;
      const other = codeOfSize(100);
      await a.deployer
        .connect(owner)
        .deploy(SALT, other, [{ chainId: b.chainId, args: "0x", initialCall: "0x", gasLimit: 1_000_000n }]);
      expect(await deliverTo(omni, a, b, { from: 1n })).to.deep.equal([]);
      const who = { chainId: a.chainId, address: ownerAddress };
      const there = appAddress(b.address, { owner: who, salt: SALT, creationCode: other });
      expect(await b.rollup.connection.ethers.provider.getCode(there)).to.have.length(2 + 2 * 100);
      expect(await b.deployer.addressOf(a.chainId, ownerAddress, SALT, keccak256(other))).to.equal(there);
      expect(there).not.to.equal(addressAt(omni, b));
    });

    it("EXPLOITS 35 places nothing twice: here a second deployment is refused, elsewhere it changes nothing", async () => {
      const omni = await deployed();
      const { a, b, owner, ownerAddress, apps, placements } = omni;
      const deploy = a.deployer.connect(owner);
      await expect(deploy.deploy(SALT, APP_CODE, placements))
        .to.be.revertedWithCustomError(a.deployer, "OmniAppStands")
        .withArgs(apps[0]);
      const who = { chainId: a.chainId, address: ownerAddress };
      await deploy.deploy(SALT, APP_CODE, [await placement(b, who, { value: 99n, initialCall: setCall(98n) })]);
      expect(await deliverTo(omni, a, b, { from: 1n })).to.deep.equal([]);
      const [kept] = await b.deployer.queryFilter(b.deployer.filters.AppKept());
      expect(kept?.args.app).to.equal(apps[1]?.target);
      expect(await apps[1]?.value()).to.equal(b.chainId);
    });

    it("EXPLOITS 27 a constructor that deploys itself again places nothing twice", async () => {
      const { a } = await omniNetwork();
      const contract = await new RecipientMock__factory(a.rollup.user).deploy();
      const deploy = (data: string) =>
        a.deployer.interface.encodeFunctionData("deploy", [
          SALT,
          APP_CODE,
          [{ chainId: a.chainId, args: data, initialCall: "0x", gasLimit: 0n }],
        ]);
      const hook = contract.interface.encodeFunctionData("call", [
        await a.deployer.getAddress(),
        deploy(appArgs(a.address, 2n)),
      ]);
      await contract.call(a.deployer, deploy(appArgs(a.address, 1n, await contract.getAddress(), hook)));
      const codeHash = keccak256(APP_CODE);
      const address = await a.deployer.addressOf(a.chainId, contract, SALT, codeHash);
      const app = OmniAppMock__factory.connect(address, a.rollup.user);
      expect([await app.value(), await app.hookSucceeded()]).to.deep.equal([1n, false]);
      const error = a.deployer.interface.encodeErrorResult("OmniAppStands", [address]);
      expect(await app.hookResult()).to.contain(error.slice(2));
    });

    it("refuses what it cannot do with the reason, and changes nothing", async () => {
      const omni = await omniNetwork();
      const { a, b, owner, ownerAddress } = omni;
      const who = { chainId: a.chainId, address: ownerAddress };
      const deploy = a.deployer.connect(owner);
      const there = await placement(b, who);
      const here = await placement(a, who);
      const { gateway } = a.rollup;
      await expect(deploy.deploy(SALT, APP_CODE, []))
        .to.be.revertedWithCustomError(a.deployer, "OmniInvalidCount")
        .withArgs(0n, 64n);
      await expect(
        deploy.deploy(
          SALT,
          APP_CODE,
          Array.from({ length: 65 }, () => there),
        ),
      )
        .to.be.revertedWithCustomError(a.deployer, "OmniInvalidCount")
        .withArgs(65n, 64n);
      await expect(deploy.deploy(SALT, "0x", [there])).to.be.revertedWithCustomError(a.deployer, "OmniNoCode");
      await expect(deploy.deploy(SALT, codeOfSize(0), [{ ...here, args: "0x" }])).to.be.revertedWithCustomError(
        a.deployer,
        "OmniEmptyApp",
      );
      await expect(deploy.deploy(SALT, APP_CODE, [{ ...there, chainId: 999n }]))
        .to.be.revertedWithCustomError(gateway, "GatewayUnknownRollup")
        .withArgs(999n);
      await expect(deploy.deploy(SALT, APP_CODE, [{ ...there, gasLimit: 20_000_000n }])).to.be.revertedWithCustomError(
        gateway,
        "GatewayGasLimitTooHigh",
      );
      await expect(deploy.deploy(SALT, codeOfSize(32_600), [{ ...there, args: "0x" }])).to.be.revertedWithCustomError(
        gateway,
        "GatewayPayloadTooLong",
      );
      await expect(deploy.deploy(SALT, APP_CODE, [{ ...here, args: appArgs(ownerAddress, 13n) }]))
        .to.be.revertedWithCustomError(OmniAppMock__factory.connect(ZeroAddress, owner), "OmniAppMockRefused")
        .withArgs(13n);
      expect(await a.rollup.connection.ethers.provider.getCode(await a.deployer.accountOf(a.chainId, owner))).to.equal(
        "0x",
      );
      expect((await gateway.outLane(b.chainId)).nonce).to.equal(0n);
    });

    it("carries the largest contract that a rollup takes, on two rollups in one transaction", async () => {
      const omni = await omniNetwork();
      const { a, b, c, owner, ownerAddress } = omni;
      const code = codeOfSize(24_576);
      const placements = [b, c].map(({ chainId }) => ({
        chainId,
        args: "0x",
        initialCall: "0x",
        gasLimit: 6_500_000n,
      }));
      const who = { chainId: a.chainId, address: ownerAddress };
      await a.deployer.connect(owner).deploy(SALT, code, placements);
      for (const site of [b, c]) {
        expect(await deliverTo(omni, a, site)).to.deep.equal([]);
        const there = appAddress(site.address, { owner: who, salt: SALT, creationCode: code });
        expect(await site.rollup.connection.ethers.provider.getCode(there)).to.have.length(2 + 2 * 24_576);
      }
    });

    it("is paid from the credit of the owner's account, which is the messages' sender", async () => {
      const omni = await omniNetwork();
      const { a, b, owner, ownerAddress } = omni;
      const account = await a.deployer.accountOf(a.chainId, owner);
      await a.rollup.gateway.connect(a.rollup.feeController).addCredit(account, 10n ** 15n);
      const who = { chainId: a.chainId, address: ownerAddress };
      const tx = a.deployer.connect(owner).deploy(SALT, APP_CODE, [await placement(b, who)]);
      await expect(tx).not.to.emit(a.rollup.gateway, "MessageUnfunded");
      const [sent] = await a.rollup.gateway.queryFilter(a.rollup.gateway.filters.MessageSent());
      expect(sent?.args.sender).to.equal(interop(a.rollup, account));
      expect((await a.rollup.gateway.credit(account)).balance).to.be.lessThan(10n ** 15n);
      const again = a.deployer.connect(a.rollup.relayer).deploy(SALT, APP_CODE, [await placement(b, who)]);
      await expect(again).to.emit(a.rollup.gateway, "MessageUnfunded");
    });
  });

  describe("addressOf and accountOf", () => {
    it(`are what the sdk computes, and differ whatever is different (seed ${FUZZ_SEED})`, async () => {
      const { a } = await omniNetwork();
      const random = new Random(`omni ${FUZZ_SEED}`);
      const seen = new Set<string>();
      for (let run = 0; run < 40; run++) {
        const owner = { chainId: random.uint(63), address: random.address() };
        const [salt, creationCode] = [random.hash(), random.bytes(run * 20 + 1)];
        const app = appAddress(a.address, { owner, salt, creationCode });
        const account = appAccount(a.address, owner);
        const codeHash = keccak256(creationCode);
        expect(await a.deployer.addressOf(owner.chainId, owner.address, salt, codeHash)).to.equal(app);
        expect(await a.deployer.accountOf(owner.chainId, owner.address)).to.equal(account);
        const near = [
          appAddress(a.address, { owner: { ...owner, chainId: owner.chainId ^ 1n }, salt, creationCode }),
          appAddress(a.address, { owner, salt: toBeHex(BigInt(salt) ^ 1n, 32) as Hex, creationCode }), // CAST: hex
          appAddress(a.address, { owner, salt, creationCode: concat([creationCode, "0x00"]) as Hex }), // CAST: hex
          appAddress(owner.address, { owner, salt, creationCode }),
        ];
        for (const address of [app, account, ...near]) seen.add(address);
      }
      expect(seen.size).to.equal(40 * 6);
    });
  });

  describe("constructor", () => {
    it("refuses wiring with nothing in it", async () => {
      const { a, b } = await omniNetwork();
      const factory = new OmniDeployer__factory(a.rollup.deployer);
      for (const [gateway, peers] of [
        [ZeroAddress, []],
        [a.address, [{ chainId: 0n, deployer: b.address }]],
        [a.address, [{ chainId: b.chainId, deployer: ZeroAddress }]],
        [a.address, [{ chainId: a.chainId, deployer: b.address }]],
      ] as const) {
        await expect(factory.deploy(gateway, [...peers])).to.be.revertedWithCustomError(factory, "OmniInvalidWiring");
      }
      expect(await a.deployer.gateway()).to.equal(a.rollup.gateway.target);
      expect(await a.deployer.deployerOn(b.chainId)).to.equal(b.address);
      expect(await a.deployer.deployerOn(999n)).to.equal(a.address);
    });
  });
});

const anyHash = (value: string): boolean => /^0x[0-9a-f]{64}$/.test(value);
