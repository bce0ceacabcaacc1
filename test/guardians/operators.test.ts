import { expect } from "chai";
import { getAddress, ZeroAddress } from "ethers";
import { attestAs, deployWithTable, NEVER, registerKey } from "../helpers/guardianSet.ts";
import { testGuardians } from "../helpers/network.ts";

describe("GuardianSet, one operator", () => {
  for (const weights of [
    [1n, 1n, 1n, 1n],
    [1_000n, 1_000n, 1_000n, 1_000_000n],
    [5n, 7n, 7n, 7n, 7n, 1n],
  ]) {
    it(`EXPLOITS 25 R7 whoever it is, its loss does not halt the others and its keys alone sign nothing: weights ${weights.join(", ")}`, async () => {
      const { set, guardians } = await deployWithTable(weights);
      const all = guardians.map((_, index) => index);
      for (const one of all) {
        const others = attestAs(
          guardians,
          all.filter((index) => index !== one),
        );
        expect(await set.serialOf(others), `without ${one}`).to.equal(1);
        expect(await set.serialOf(attestAs(guardians, [one])), `${one} alone`).to.equal(0);
      }
    });
  }

  it("C5 who joined by stake and lost it leaves the list, and those behind it keep their own keys and weights", async () => {
    // Enough weight, and an epoch of time, that none of the stake is held back.
    const fixture = await deployWithTable([400n, 400n, 400n, 400n]);
    const { set, weights, connection } = fixture;
    await set.setMinimumWeight(1n);
    const crowd = testGuardians(4);
    const staked = testGuardians(7).slice(4);
    for (const guardian of staked) {
      await connection.networkHelpers.impersonateAccount(guardian.operator);
      await connection.networkHelpers.setBalance(guardian.operator, 10n ** 18n);
      await registerKey(fixture, guardian);
      await weights.set(guardian.operator, 3n);
      await set.connect(await connection.ethers.getSigner(guardian.operator)).join(ZeroAddress);
    }
    await connection.networkHelpers.time.increase(fixture.epochLength);
    await set.forceRotation();
    const [lost, second, third] = staked.map(({ operator }) => getAddress(operator));
    await weights.set(lost ?? "", 0n);
    await weights.set(third ?? "", 2n);
    await expect(set.forceRotation()).to.emit(set, "GuardianLeft").withArgs(lost);
    const kept = [...crowd.map(({ operator }) => getAddress(operator)), second, third];
    expect(await set.candidates()).to.deep.equal(kept);
    const table = await set.guardians(3, 0, 256);
    const expected = [...crowd, ...staked.slice(1)];
    expect(table.map(({ weight }) => weight)).to.deep.equal([400n, 400n, 400n, 400n, 3n, 2n]);
    expect(table.map(({ key }) => key.x)).to.deep.equal(expected.map(({ key }) => key.x));
    // The places behind the gap are in order: the last can still be taken out, the second comes in again as the last.
    await set.remove(third ?? "");
    expect(await set.candidates()).to.deep.equal(kept.slice(0, -1));
    await set.admit(third ?? "", 1n, NEVER);
    expect(await set.candidates()).to.deep.equal(kept);
  });
});
