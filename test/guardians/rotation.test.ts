import { expect } from "chai";
import { expectGas } from "../helpers/gas.ts";
import { admitAll, deployGuardianSet } from "../helpers/guardianSet.ts";
import { testGuardians } from "../helpers/network.ts";

describe("GuardianSet: the price of a table", () => {
  it("C21 stays bounded with 256 guardians, however they change from one table to the next", async function () {
    this.timeout(400_000);
    const fixture = await deployGuardianSet();
    const { set, weights, connection, epochLength } = fixture;
    const guardians = testGuardians(256);
    await admitAll(
      fixture,
      guardians,
      guardians.map(() => 1_000n),
    );
    const gasOf = async (): Promise<bigint> => (await (await set.rotate()).wait())?.gasUsed ?? 0n;
    const first = await gasOf();

    await connection.networkHelpers.time.increase(epochLength);
    const again = await gasOf();

    // The worst of the rest: everybody's stake grows, and half of them are frozen and lose their weight.
    for (const [index, { operator }] of guardians.entries()) {
      await weights.set(operator, 5_000n + BigInt(index));
      if (index % 2 === 0) await set.connect(fixture.slashing).freeze(operator, 2n ** 40n);
    }
    await connection.networkHelpers.time.increase(epochLength);
    const changed = await gasOf();
    for (const gas of [first, again, changed]) expectGas(gas, 10_000_000n);
    console.log(`      256 guardians: first table ${first} gas, unchanged ${again}, all changed ${changed}`);
    expect((await set.table(3n)).count).to.equal(256n);
  });
});
