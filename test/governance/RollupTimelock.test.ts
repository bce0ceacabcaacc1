import { expect } from "chai";
import { ethers } from "ethers";
import { openRollup } from "../helpers/rollup.ts";

const DELAY = 172_800n;

async function fixture() {
  const rollup = await openRollup("rollupA");
  const [, , governor, canceller, next, stranger] = await rollup.ethers.getSigners();
  if (!governor || !canceller || !next || !stranger) throw new Error("not enough accounts");
  const timelock = await rollup.ethers.deployContract("RollupTimelock", [DELAY, governor.address, canceller.address]);
  const manager = await rollup.ethers.deployContract("AccessManager", [await timelock.getAddress()]);
  const cancellerRole = await timelock.CANCELLER_ROLE();
  const target = await timelock.getAddress();
  const replace = [
    timelock.interface.encodeFunctionData("grantRole", [cancellerRole, next.address]),
    timelock.interface.encodeFunctionData("revokeRole", [cancellerRole, canceller.address]),
  ];
  const upgradeLike = manager.interface.encodeFunctionData("labelRole", [7, "anything"]);
  return {
    rollup,
    governor,
    canceller,
    next,
    stranger,
    timelock,
    manager,
    target,
    replace,
    upgradeLike,
    cancellerRole,
  };
}

describe("RollupTimelock", () => {
  describe("constructor", () => {
    it("gives exactly the roles of its parameters, and none to the deployer", async () => {
      const { rollup, timelock, governor, canceller, cancellerRole } = await fixture();
      const roles = [ethers.ZeroHash, await timelock.PROPOSER_ROLE(), await timelock.EXECUTOR_ROLE(), cancellerRole];
      const granted = await timelock.queryFilter(timelock.filters.RoleGranted());
      const actual = granted.map(({ args }) => `${roles.indexOf(args.role)} ${args.account}`).sort();
      expect(actual).to.deep.equal(
        [
          `0 ${await timelock.getAddress()}`,
          `1 ${governor.address}`,
          `2 ${ethers.ZeroAddress}`,
          `3 ${governor.address}`,
          `3 ${canceller.address}`,
        ].sort(),
      );
      for (const role of roles) expect(await timelock.hasRole(role, rollup.deployer.address)).to.equal(false);
    });

    it("refuses a missing governor or canceller", async () => {
      const { rollup, timelock, governor } = await fixture();
      for (const args of [
        [ethers.ZeroAddress, governor.address],
        [governor.address, ethers.ZeroAddress],
      ] as const) {
        await expect(rollup.ethers.deployContract("RollupTimelock", [DELAY, ...args]))
          .to.be.revertedWithCustomError(timelock, "TimelockInvalidRoles")
          .withArgs(...args);
      }
    });
  });

  describe("execute", () => {
    it("lets anyone execute what the governor scheduled, after the delay and not before", async () => {
      const { rollup, timelock, manager, governor, stranger, upgradeLike } = await fixture();
      const call = [await manager.getAddress(), 0n, upgradeLike, ethers.ZeroHash, ethers.ZeroHash] as const;
      await timelock.connect(governor).schedule(...call, DELAY);
      const id = await timelock.hashOperation(...call);
      await expect(timelock.connect(stranger).execute(...call))
        .to.be.revertedWithCustomError(timelock, "TimelockUnexpectedOperationState")
        .withArgs(id, "0x0000000000000000000000000000000000000000000000000000000000000004");
      await rollup.networkHelpers.time.increase(DELAY);
      await expect(timelock.connect(stranger).execute(...call))
        .to.emit(manager, "RoleLabel")
        .withArgs(7n, "anything");
    });

    it("EXPLOITS 33: neither canceller nor a stranger can schedule, and nobody can use the manager directly", async () => {
      const { timelock, manager, canceller, stranger, governor, upgradeLike } = await fixture();
      const proposer = await timelock.PROPOSER_ROLE();
      for (const caller of [canceller, stranger]) {
        await expect(
          timelock
            .connect(caller)
            .schedule(await manager.getAddress(), 0, upgradeLike, ethers.ZeroHash, ethers.ZeroHash, DELAY),
        )
          .to.be.revertedWithCustomError(timelock, "AccessControlUnauthorizedAccount")
          .withArgs(caller.address, proposer);
      }
      for (const caller of [canceller, stranger, governor]) {
        await expect(manager.connect(caller).labelRole(7, "x"))
          .to.be.revertedWithCustomError(manager, "AccessManagerUnauthorizedAccount")
          .withArgs(caller.address, 0n);
      }
    });

    it("refuses a shorter delay", async () => {
      const { timelock, manager, governor, upgradeLike } = await fixture();
      await expect(
        timelock
          .connect(governor)
          .schedule(await manager.getAddress(), 0, upgradeLike, ethers.ZeroHash, ethers.ZeroHash, DELAY - 1n),
      )
        .to.be.revertedWithCustomError(timelock, "TimelockInsufficientDelay")
        .withArgs(DELAY - 1n, DELAY);
    });
  });

  describe("requireConditions", () => {
    it("EXPLOITS 19 EXPLOITS 24 EXPLOITS 36 makes a whole batch fail on another rollup, after the expiry, and with other code", async () => {
      const { rollup, timelock, manager, governor, target, upgradeLike, stranger } = await fixture();
      const { chainId } = await rollup.ethers.provider.getNetwork();
      const managerAddress = await manager.getAddress();
      const codeHash = ethers.keccak256(await rollup.ethers.provider.getCode(managerAddress));
      const empty = ethers.keccak256("0x");
      const soon = BigInt(await rollup.networkHelpers.time.latest()) + DELAY + 1_000n;
      const execute = async (
        id: bigint,
        expiry: bigint,
        accounts: readonly string[],
        hashes: readonly string[],
        wait = DELAY,
      ) => {
        const conditions = timelock.interface.encodeFunctionData("requireConditions", [
          id,
          expiry,
          [...accounts],
          [...hashes],
        ]);
        const targets = [target, managerAddress];
        const payloads = [conditions, upgradeLike];
        const salt = ethers.id(`${id} ${expiry} ${hashes.join()}`);
        await timelock.connect(governor).scheduleBatch(targets, [0, 0], payloads, ethers.ZeroHash, salt, DELAY);
        await rollup.networkHelpers.time.increase(wait);
        return timelock.connect(stranger).executeBatch(targets, [0, 0], payloads, ethers.ZeroHash, salt);
      };
      const clean = await rollup.networkHelpers.takeSnapshot();
      await expect(execute(chainId + 1n, soon, [managerAddress], [codeHash]))
        .to.be.revertedWithCustomError(timelock, "TimelockWrongRollup")
        .withArgs(chainId + 1n);
      await clean.restore();
      await expect(execute(chainId, soon, [managerAddress], [codeHash], DELAY + 2_000n))
        .to.be.revertedWithCustomError(timelock, "TimelockExpired")
        .withArgs(soon);
      await clean.restore();
      await expect(execute(chainId, soon, [managerAddress, ethers.ZeroAddress], [codeHash, codeHash]))
        .to.be.revertedWithCustomError(timelock, "TimelockChangedCode")
        .withArgs(ethers.ZeroAddress, codeHash, empty);
      await clean.restore();
      await expect(execute(chainId, soon, [managerAddress, ethers.ZeroAddress], [codeHash, empty]))
        .to.emit(manager, "RoleLabel")
        .withArgs(7n, "anything");
    });
  });

  describe("cancel", () => {
    it("protects a replacement of cancellers that carries conditions, and nothing that only has conditions", async () => {
      const { timelock, governor, canceller, target, replace } = await fixture();
      const conditions = timelock.interface.encodeFunctionData("requireConditions", [
        1n,
        1n,
        [target],
        [ethers.ZeroHash],
      ]);
      for (const [payloads, isProtected] of [
        [[conditions, ...replace], true],
        [[conditions, conditions], false],
      ] as const) {
        const targets = payloads.map(() => target);
        const values = payloads.map(() => 0n);
        const rest = [ethers.ZeroHash, ethers.ZeroHash] as const;
        await timelock.connect(governor).scheduleBatch(targets, values, [...payloads], ...rest, DELAY);
        const id = await timelock.hashOperationBatch(targets, values, [...payloads], ...rest);
        expect(await timelock.isProtected(id)).to.equal(isProtected);
        if (!isProtected) await timelock.connect(canceller).cancel(id);
      }
    });

    it("R3: the canceller stops a decision in its delay", async () => {
      const { timelock, manager, governor, canceller, upgradeLike } = await fixture();
      const call = [await manager.getAddress(), 0n, upgradeLike, ethers.ZeroHash, ethers.ZeroHash] as const;
      await timelock.connect(governor).schedule(...call, DELAY);
      const id = await timelock.hashOperation(...call);
      await expect(timelock.connect(canceller).cancel(id)).to.emit(timelock, "Cancelled").withArgs(id);
      expect(await timelock.isOperation(id)).to.equal(false);
    });

    it("does not let the canceller stop its own replacement, alone or in a batch", async () => {
      const { timelock, governor, canceller, target, replace } = await fixture();
      const single = [target, 0n, replace[1] ?? "", ethers.ZeroHash, ethers.ZeroHash] as const;
      const batch = [[target, target], [0n, 0n], replace, ethers.ZeroHash, ethers.ZeroHash] as const;
      await timelock.connect(governor).schedule(...single, DELAY);
      await timelock.connect(governor).scheduleBatch([...batch[0]], [...batch[1]], batch[2], batch[3], batch[4], DELAY);
      const ids = [
        await timelock.hashOperation(...single),
        await timelock.hashOperationBatch([...batch[0]], [...batch[1]], batch[2], batch[3], batch[4]),
      ];
      for (const id of ids) {
        expect(await timelock.isProtected(id)).to.equal(true);
        await expect(timelock.connect(canceller).cancel(id))
          .to.be.revertedWithCustomError(timelock, "TimelockProtectedOperation")
          .withArgs(id);
        await expect(timelock.connect(governor).cancel(id)).to.emit(timelock, "Cancelled").withArgs(id);
      }
    });

    it("a replacement takes effect: the new canceller cancels, the old one cannot", async () => {
      const { rollup, timelock, manager, governor, canceller, next, target, replace, upgradeLike, cancellerRole } =
        await fixture();
      const batch = [[target, target], [0n, 0n], replace, ethers.ZeroHash, ethers.ZeroHash] as const;
      // CAST: a readonly tuple copied into the mutable one that ethers asks for
      const args = [[...batch[0]], [...batch[1]], batch[2], batch[3], batch[4]] as [
        string[],
        bigint[],
        string[],
        string,
        string,
      ];
      await timelock.connect(governor).scheduleBatch(...args, DELAY);
      await rollup.networkHelpers.time.increase(DELAY);
      await timelock.executeBatch(...args);
      const call = [await manager.getAddress(), 0n, upgradeLike, ethers.ZeroHash, ethers.ZeroHash] as const;
      await timelock.connect(governor).schedule(...call, DELAY);
      const id = await timelock.hashOperation(...call);
      await expect(timelock.connect(canceller).cancel(id))
        .to.be.revertedWithCustomError(timelock, "AccessControlUnauthorizedAccount")
        .withArgs(canceller.address, cancellerRole);
      await expect(timelock.connect(next).cancel(id)).to.emit(timelock, "Cancelled").withArgs(id);
    });

    it("EXPLOITS 41: a decision is not protected because a replacement travels with it, or because it looks like one", async () => {
      const { timelock, manager, governor, canceller, cancellerRole, target, replace, upgradeLike } = await fixture();
      const managerAddress = await manager.getAddress();
      const proposer = await timelock.PROPOSER_ROLE();
      const role = timelock.interface.encodeFunctionData("revokeRole", [proposer, governor.address]);
      const disguised: [string[], string[]][] = [
        [
          [target, managerAddress],
          [replace[0] ?? "", upgradeLike],
        ],
        [
          [managerAddress, target],
          [upgradeLike, replace[0] ?? ""],
        ],
        [[managerAddress], [replace[0] ?? ""]],
        [[target], [role]],
        [[target], [timelock.interface.encodeFunctionData("renounceRole", [cancellerRole, canceller.address])]],
        [[target], [(replace[0] ?? "") + "00"]],
        [[target], [(replace[0] ?? "").slice(0, 10)]],
        [[target], ["0x"]],
        [[], []],
      ];
      for (const [index, [targets, payloads]] of disguised.entries()) {
        // CAST: exactly these five, which TypeScript takes for an array
        const args = [
          targets,
          targets.map(() => 0n),
          payloads,
          ethers.ZeroHash,
          ethers.zeroPadValue(ethers.toBeHex(index + 1), 32),
        ] as [string[], bigint[], string[], string, string];
        await timelock.connect(governor).scheduleBatch(...args, DELAY);
        const id = await timelock.hashOperationBatch(...args);
        expect(await timelock.isProtected(id), String(index)).to.equal(false);
        await expect(timelock.connect(canceller).cancel(id)).to.emit(timelock, "Cancelled").withArgs(id);
      }
    });
  });
});
