import { expect } from "chai";
import { ethers } from "ethers";
import { IEra__factory, IMetalayerGateway__factory } from "../../typechain-types/index.ts";
import { behindProxy, openRollup, type RollupName } from "../helpers/rollup.ts";

const IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";
const Status = { None: 0n, Active: 1n, Removed: 2n };
const Finality = { None: 0n, Tag: 1n, Depth: 2n };
const CAPACITY = ethers.parseEther("250000");
const CEILING = ethers.parseEther("5000000");

const OTHER = {
  chainId: 9001n,
  incarnation: 1n,
  gateway: "0x00000000000000000000000000000000000000A1",
  anchorLog: "0x00000000000000000000000000000000000000A2",
  stack: ethers.encodeBytes32String("op"),
  finality: Finality.Depth,
  finalityDepth: 12n,
  era: "0x00000000000000000000000000000000000000A3",
  ceiling: CEILING,
  eraCapacity: CAPACITY,
  status: Status.None,
};

const gatewayInterface = IMetalayerGateway__factory.createInterface();
const eraInterface = IEra__factory.createInterface();

async function fixture(name: RollupName = "rollupA", ownIncarnation = 1n) {
  const rollup = await openRollup(name);
  const { stranger } = rollup;
  const manager = await rollup.ethers.deployContract("AccessManager", [rollup.deployer.address]);
  const gateway = await rollup.ethers.deployContract("CallRecorderMock", []);
  const era = await rollup.ethers.deployContract("CallRecorderMock", []);
  const wiring = [await gateway.getAddress(), await era.getAddress()] as const;
  const implementation = await rollup.ethers.deployContract("RollupRegistry", [...wiring, ownIncarnation]);
  const initCall = implementation.interface.encodeFunctionData("initialize", [await manager.getAddress()]);
  const registry = await behindProxy(rollup, implementation, initCall);
  return { rollup, stranger, manager, gateway, era, wiring, implementation, registry };
}

describe("RollupRegistry", () => {
  describe("initialisation", () => {
    it("EXPLOITS 11: nobody can initialise the implementation", async () => {
      const { implementation, stranger } = await fixture();
      await expect(implementation.connect(stranger).initialize(stranger.address)).to.be.revertedWithCustomError(
        implementation,
        "InvalidInitialization",
      );
    });

    it("EXPLOITS 20: nobody, not even the administrator, can initialise the proxy again", async () => {
      const { registry, rollup, manager } = await fixture();
      await expect(registry.initialize(rollup.deployer.address)).to.be.revertedWithCustomError(
        registry,
        "InvalidInitialization",
      );
      expect(await registry.authority()).to.equal(await manager.getAddress());
    });

    it("refuses an implementation without gateway, ERA or with an incarnation out of range", async () => {
      const { rollup, wiring, implementation } = await fixture();
      const [gateway, era] = wiring;
      const bad: [string, string, bigint][] = [
        [ethers.ZeroAddress, era, 1n],
        [gateway, ethers.ZeroAddress, 1n],
        [gateway, era, 0n],
        [gateway, era, 16_384n],
      ];
      for (const args of bad) {
        await expect(rollup.ethers.deployContract("RollupRegistry", args))
          .to.be.revertedWithCustomError(implementation, "RegistryInvalidWiring")
          .withArgs(...args);
      }
    });

    it("EXPLOITS 18: knows no rollup at first, and zero is none", async () => {
      const { registry } = await fixture();
      expect(await registry.rollups()).to.deep.equal([]);
      for (const chainId of [0n, 1n, 8101n, OTHER.chainId]) {
        expect((await registry.rollup(chainId)).status).to.equal(Status.None);
        for (const incarnation of [0n, 1n]) expect(await registry.isActive(chainId, incarnation)).to.equal(false);
      }
    });
  });

  describe("admit", () => {
    it("stores the rollup, opens its lanes and sets its limits", async () => {
      const { registry, gateway, era } = await fixture();
      const tx = registry.admit(OTHER);
      await expect(tx)
        .to.emit(registry, "RollupAdmitted")
        .withArgs(OTHER.chainId, 1n, Object.values({ ...OTHER, status: Status.Active }));
      await expect(tx)
        .to.emit(gateway, "Called")
        .withArgs(
          await registry.getAddress(),
          gatewayInterface.encodeFunctionData("openLane", [
            { chainId: OTHER.chainId, ownIncarnation: 1n, incarnation: 1n, gateway: OTHER.gateway },
          ]),
        );
      await expect(tx)
        .to.emit(era, "Called")
        .withArgs(
          await registry.getAddress(),
          eraInterface.encodeFunctionData("setSource", [
            OTHER.chainId,
            await gateway.getAddress(),
            OTHER.era,
            CAPACITY,
            CEILING,
          ]),
        );
      expect(await registry.isActive(OTHER.chainId, 1n)).to.equal(true);
      expect(await registry.isActive(OTHER.chainId, 2n)).to.equal(false);
      expect(await registry.rollups()).to.deep.equal([Object.values({ ...OTHER, status: Status.Active })]);
    });

    it("ignores the status of the argument", async () => {
      const { registry } = await fixture();
      await registry.admit({ ...OTHER, status: Status.Removed });
      expect((await registry.rollup(OTHER.chainId)).status).to.equal(Status.Active);
    });

    it("refuses its own chain, chain id 0 and chain ids of 2^63 or more", async () => {
      const { registry } = await fixture();
      await expect(registry.admit({ ...OTHER, chainId: 8101n }))
        .to.be.revertedWithCustomError(registry, "RegistryOwnChain")
        .withArgs(8101n);
      for (const chainId of [0n, 1n << 63n, ethers.MaxUint256]) {
        await expect(registry.admit({ ...OTHER, chainId }))
          .to.be.revertedWithCustomError(registry, "RegistryInvalidChainId")
          .withArgs(chainId);
      }
      await expect(registry.admit({ ...OTHER, chainId: (1n << 63n) - 1n })).to.emit(registry, "RollupAdmitted");
    });

    it("EXPLOITS 18: refuses everything that would leave a zero in force", async () => {
      const { registry } = await fixture();
      const zeros: Partial<typeof OTHER>[] = [
        { gateway: ethers.ZeroAddress },
        { anchorLog: ethers.ZeroAddress },
        { era: ethers.ZeroAddress },
        { stack: ethers.ZeroHash },
        { finality: Finality.None, finalityDepth: 0n },
        { finality: Finality.None },
        { finalityDepth: 0n },
        { finality: Finality.Tag },
      ];
      for (const zero of zeros) {
        const rollup = { ...OTHER, ...zero };
        await expect(registry.admit(rollup))
          .to.be.revertedWithCustomError(registry, "RegistryInvalidRollup")
          .withArgs(Object.values(rollup));
      }
      expect(await registry.rollups()).to.deep.equal([]);
    });

    it("refuses incarnation 0 and beyond 16,383", async () => {
      const { registry } = await fixture();
      for (const incarnation of [0n, 16_384n]) {
        await expect(registry.admit({ ...OTHER, incarnation }))
          .to.be.revertedWithCustomError(registry, "RegistryInvalidIncarnation")
          .withArgs(OTHER.chainId, incarnation, 0n);
      }
    });

    it("R10, EXPLOITS C12: re-admits only in a higher incarnation, removed or not, and once", async () => {
      const { registry, gateway } = await fixture();
      await registry.admit({ ...OTHER, incarnation: 3n });
      for (const removed of [false, true]) {
        if (removed) await registry.remove(OTHER.chainId);
        for (const incarnation of [1n, 2n, 3n]) {
          await expect(registry.admit({ ...OTHER, incarnation }))
            .to.be.revertedWithCustomError(registry, "RegistryInvalidIncarnation")
            .withArgs(OTHER.chainId, incarnation, 3n);
        }
      }
      await expect(registry.admit({ ...OTHER, incarnation: 4n })).to.emit(gateway, "Called");
      expect(await registry.isActive(OTHER.chainId, 3n)).to.equal(false);
      expect(await registry.isActive(OTHER.chainId, 4n)).to.equal(true);
      expect((await registry.rollups()).length).to.equal(1);
    });

    it("R10: after a new incarnation of this rollup, admits the same incarnation of the other one again, once", async () => {
      const { rollup, registry, wiring, gateway } = await fixture();
      await registry.admit(OTHER);
      const next = await rollup.ethers.deployContract("RollupRegistry", [...wiring, 2n]);
      await registry.upgradeToAndCall(await next.getAddress(), "0x");
      await expect(registry.admit(OTHER))
        .to.emit(gateway, "Called")
        .withArgs(
          await registry.getAddress(),
          gatewayInterface.encodeFunctionData("openLane", [
            { chainId: OTHER.chainId, ownIncarnation: 2n, incarnation: 1n, gateway: OTHER.gateway },
          ]),
        );
      await expect(registry.admit(OTHER)).to.be.revertedWithCustomError(registry, "RegistryInvalidIncarnation");
    });

    it("bounds the number of rollups", async () => {
      const { registry } = await fixture();
      for (let i = 0n; i < 256n; i++) await registry.admit({ ...OTHER, chainId: 10_000n + i });
      await expect(registry.admit({ ...OTHER, chainId: 20_000n }))
        .to.be.revertedWithCustomError(registry, "RegistryTooManyRollups")
        .withArgs(256n);
      await expect(registry.admit({ ...OTHER, chainId: 10_000n, incarnation: 2n })).to.emit(registry, "RollupAdmitted");
      expect((await registry.rollups()).length).to.equal(256);
    }).timeout(60_000);
  });

  describe("remove", () => {
    it("closes the lanes, sets the limits to zero and keeps the entry", async () => {
      const { registry, gateway, era } = await fixture();
      await registry.admit(OTHER);
      const tx = registry.remove(OTHER.chainId);
      await expect(tx).to.emit(registry, "RollupRemoved").withArgs(OTHER.chainId, 1n);
      await expect(tx).to.emit(gateway, "Called");
      await expect(tx).to.emit(era, "Called");
      const entry = await registry.rollup(OTHER.chainId);
      expect([entry.status, entry.incarnation, entry.ceiling, entry.eraCapacity]).to.deep.equal([
        Status.Removed,
        1n,
        0n,
        0n,
      ]);
      expect(await registry.isActive(OTHER.chainId, 1n)).to.equal(false);
    });

    it("refuses a rollup that is unknown or removed", async () => {
      const { registry } = await fixture();
      await expect(registry.remove(OTHER.chainId))
        .to.be.revertedWithCustomError(registry, "RegistryUnknownRollup")
        .withArgs(OTHER.chainId);
      await registry.admit(OTHER);
      await registry.remove(OTHER.chainId);
      await expect(registry.remove(OTHER.chainId))
        .to.be.revertedWithCustomError(registry, "RegistryUnknownRollup")
        .withArgs(OTHER.chainId);
    });
  });

  describe("setFinality and setCeiling", () => {
    it("change what they name and nothing else", async () => {
      const { registry, era } = await fixture();
      await registry.admit(OTHER);
      await expect(registry.setFinality(OTHER.chainId, Finality.Tag, 0))
        .to.emit(registry, "FinalityChanged")
        .withArgs(OTHER.chainId, Finality.Tag, 0n);
      const tx = registry.setCeiling(OTHER.chainId, 1n, 2n);
      await expect(tx).to.emit(registry, "CeilingChanged").withArgs(OTHER.chainId, 1n, 2n);
      await expect(tx).to.emit(era, "Called");
      expect(await registry.rollup(OTHER.chainId)).to.deep.equal(
        Object.values({
          ...OTHER,
          status: Status.Active,
          finality: Finality.Tag,
          finalityDepth: 0n,
          ceiling: 1n,
          eraCapacity: 2n,
        }),
      );
    });

    it("refuse a policy without meaning and a rollup that is not active", async () => {
      const { registry } = await fixture();
      await expect(registry.setFinality(OTHER.chainId, Finality.Tag, 0)).to.be.revertedWithCustomError(
        registry,
        "RegistryUnknownRollup",
      );
      await expect(registry.setCeiling(OTHER.chainId, 0, 0)).to.be.revertedWithCustomError(
        registry,
        "RegistryUnknownRollup",
      );
      await registry.admit(OTHER);
      const policies: [bigint, bigint][] = [
        [Finality.None, 0n],
        [Finality.None, 1n],
        [Finality.Tag, 1n],
        [Finality.Depth, 0n],
      ];
      for (const [finality, depth] of policies) {
        await expect(registry.setFinality(OTHER.chainId, finality, depth))
          .to.be.revertedWithCustomError(registry, "RegistryInvalidRollup")
          .withArgs(Object.values({ ...OTHER, status: Status.Active, finality, finalityDepth: depth }));
      }
    });
  });

  describe("administration", () => {
    it("lets nobody but the administrator change anything", async () => {
      const { registry, stranger } = await fixture();
      const other = registry.connect(stranger);
      const attempts = [
        other.admit(OTHER),
        other.remove(OTHER.chainId),
        other.setFinality(OTHER.chainId, Finality.Tag, 0),
        other.setCeiling(OTHER.chainId, 1n, 1n),
        other.upgradeToAndCall(stranger.address, "0x"),
        other.setAuthority(stranger.address),
      ];
      for (const attempt of attempts) {
        await expect(attempt)
          .to.be.revertedWithCustomError(registry, "AccessManagedUnauthorized")
          .withArgs(stranger.address);
      }
    });

    it("EXPLOITS 29: an upgrade keeps every entry and leaves nothing to initialise", async () => {
      const { rollup, registry, wiring, stranger } = await fixture();
      await registry.admit(OTHER);
      const before = await registry.rollups();
      const next = await rollup.ethers.deployContract("RollupRegistryV2Mock", [...wiring, 1n]);
      await registry.upgradeToAndCall(await next.getAddress(), "0x");
      const upgraded = await rollup.ethers.getContractAt("RollupRegistryV2Mock", await registry.getAddress());
      expect(await upgraded.version()).to.equal(2n);
      expect(await upgraded.rollups()).to.deep.equal(before);
      await expect(upgraded.connect(stranger).initialize(stranger.address)).to.be.revertedWithCustomError(
        upgraded,
        "InvalidInitialization",
      );
    });
  });

  describe("two rollups", () => {
    it("stand at different addresses and admit each other", async () => {
      const [a, b] = await Promise.all([fixture("rollupA"), fixture("rollupB")]);
      expect(await a.registry.getAddress()).not.to.equal(await b.registry.getAddress());
      await a.registry.admit({ ...OTHER, chainId: 8102n, gateway: b.wiring[0] });
      await b.registry.admit({ ...OTHER, chainId: 8101n, gateway: a.wiring[0] });
      expect((await a.registry.rollup(8102n)).gateway).to.equal(b.wiring[0]);
      expect((await b.registry.rollup(8101n)).gateway).to.equal(a.wiring[0]);
      expect(await a.registry.isActive(8101n, 1n)).to.equal(false);
    });
  });

  it("keeps its implementation in the ERC-1967 slot", async () => {
    const { rollup, registry, implementation } = await fixture();
    const slot = await rollup.ethers.provider.getStorage(registry, IMPLEMENTATION_SLOT);
    expect(ethers.getAddress(ethers.dataSlice(slot, 12))).to.equal(await implementation.getAddress());
  });
});
