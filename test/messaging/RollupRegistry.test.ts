import { expect } from "chai";
import { ethers } from "ethers";
import { Finality, OTHER, Status, registryFixture } from "../helpers/registry.ts";

const IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";

describe("RollupRegistry", () => {
  describe("initialisation", () => {
    it("EXPLOITS 11: nobody can initialise the implementation", async () => {
      const { implementation, stranger } = await registryFixture();
      await expect(implementation.connect(stranger).initialize(stranger.address)).to.be.revertedWithCustomError(
        implementation,
        "InvalidInitialization",
      );
    });

    it("EXPLOITS 20: nobody, not even the administrator, can initialise the proxy again", async () => {
      const { registry, rollup, manager } = await registryFixture();
      await expect(registry.initialize(rollup.deployer.address)).to.be.revertedWithCustomError(
        registry,
        "InvalidInitialization",
      );
      expect(await registry.authority()).to.equal(await manager.getAddress());
    });

    it("refuses an implementation without gateway, ERA or with an incarnation out of range", async () => {
      const { rollup, wiring, implementation } = await registryFixture();
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
      const { registry } = await registryFixture();
      expect(await registry.rollups()).to.deep.equal([]);
      for (const chainId of [0n, 1n, 8101n, OTHER.chainId]) {
        expect((await registry.rollup(chainId)).status).to.equal(Status.None);
        for (const incarnation of [0n, 1n]) expect(await registry.isActive(chainId, incarnation)).to.equal(false);
      }
    });
  });

  describe("remove", () => {
    it("closes the lanes, sets the limits to zero and keeps the entry", async () => {
      const { registry, gateway, era } = await registryFixture();
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
      const { registry } = await registryFixture();
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
      const { registry, era } = await registryFixture();
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
      const { registry } = await registryFixture();
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
      const { registry, stranger } = await registryFixture();
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
      const { rollup, registry, wiring, stranger } = await registryFixture();
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
      const [a, b] = await Promise.all([registryFixture("rollupA"), registryFixture("rollupB")]);
      expect(await a.registry.getAddress()).not.to.equal(await b.registry.getAddress());
      await a.registry.admit({ ...OTHER, chainId: 8102n, gateway: b.wiring[0] });
      await b.registry.admit({ ...OTHER, chainId: 8101n, gateway: a.wiring[0] });
      expect((await a.registry.rollup(8102n)).gateway).to.equal(b.wiring[0]);
      expect((await b.registry.rollup(8101n)).gateway).to.equal(a.wiring[0]);
      expect(await a.registry.isActive(8101n, 1n)).to.equal(false);
    });
  });

  it("keeps its implementation in the ERC-1967 slot", async () => {
    const { rollup, registry, implementation } = await registryFixture();
    const slot = await rollup.ethers.provider.getStorage(registry, IMPLEMENTATION_SLOT);
    expect(ethers.getAddress(ethers.dataSlice(slot, 12))).to.equal(await implementation.getAddress());
  });
});
