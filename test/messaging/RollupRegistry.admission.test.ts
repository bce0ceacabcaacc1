import { expect } from "chai";
import { ethers } from "ethers";
import {
  CAPACITY,
  CEILING,
  Finality,
  OTHER,
  Status,
  eraInterface,
  gatewayInterface,
  registryFixture,
} from "../helpers/registry.ts";

describe("RollupRegistry", () => {
  describe("admit", () => {
    it("stores the rollup, opens its lanes and sets its limits", async () => {
      const { registry, gateway, era } = await registryFixture();
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
      const { registry } = await registryFixture();
      await registry.admit({ ...OTHER, status: Status.Removed });
      expect((await registry.rollup(OTHER.chainId)).status).to.equal(Status.Active);
    });

    it("refuses its own chain, chain id 0 and chain ids of 2^63 or more", async () => {
      const { registry } = await registryFixture();
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
      const { registry } = await registryFixture();
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
      const { registry } = await registryFixture();
      for (const incarnation of [0n, 16_384n]) {
        await expect(registry.admit({ ...OTHER, incarnation }))
          .to.be.revertedWithCustomError(registry, "RegistryInvalidIncarnation")
          .withArgs(OTHER.chainId, incarnation, 0n);
      }
    });

    it("R10, EXPLOITS C12: re-admits only in a higher incarnation, removed or not, and once", async () => {
      const { registry, gateway } = await registryFixture();
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
      const { rollup, registry, wiring, gateway } = await registryFixture();
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
      const { registry } = await registryFixture();
      for (let i = 0n; i < 256n; i++) await registry.admit({ ...OTHER, chainId: 10_000n + i });
      await expect(registry.admit({ ...OTHER, chainId: 20_000n }))
        .to.be.revertedWithCustomError(registry, "RegistryTooManyRollups")
        .withArgs(256n);
      await expect(registry.admit({ ...OTHER, chainId: 10_000n, incarnation: 2n })).to.emit(registry, "RollupAdmitted");
      expect((await registry.rollups()).length).to.equal(256);
    }).timeout(60_000);
  });
});
