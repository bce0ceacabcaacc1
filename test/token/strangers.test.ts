import { expect } from "chai";
import fc from "fast-check";
import { MaxUint256, type BaseContract, type ParamType } from "ethers";
import { createEconomy, ETHER, eraPayload, type EconomyRollup } from "../helpers/economy.ts";
import { FUZZ_SEED } from "../helpers/fuzz.ts";
import { interop } from "../helpers/network.ts";

const ROUNDS = 4;
/** Where an ERC-1967 proxy keeps the address of its implementation. */
const IMPLEMENTATION = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";

/** Values for the parameters of any function, drawn from what an attacker would try. */
class Values {
  readonly #draws: Generator<number>;

  constructor(
    readonly addresses: readonly string[],
    readonly numbers: readonly bigint[],
    readonly bytes: readonly string[],
    seed: number,
  ) {
    const draws = fc.sample(fc.nat(), { seed, numRuns: 20_000 });
    this.#draws = (function* () {
      for (;;) yield* draws;
    })();
  }

  of(type: ParamType): unknown {
    if (type.arrayChildren !== null) return [this.of(type.arrayChildren)];
    if (type.components !== null) return type.components.map((part) => this.of(part));
    if (type.type === "address") return this.#pick(this.addresses);
    if (type.type === "bytes") return this.#pick(this.bytes);
    if (type.type === "bool") return this.#pick([true, false]);
    if (type.type === "string") return "name";
    const size = /^bytes(\d+)$/.exec(type.type)?.[1];
    if (size !== undefined) return `0x${"11".repeat(Number(size))}`;
    const bits = BigInt(/\d+$/.exec(type.type)?.[0] ?? "256");
    return this.#pick(this.numbers) % 2n ** bits;
  }

  #pick<T>(values: readonly T[]): T {
    return values[Number(this.#draws.next().value) % values.length] as T; // CAST: never empty, within its length
  }
}

describe("a stranger without ERA, role or key", () => {
  it(`EXPLOITS 34 EXPLOITS 32 I7 calls every function of every contract and gains nothing, nor does anybody lose (seed ${FUZZ_SEED})`, async () => {
    const net = await createEconomy(["rollupA", "rollupB"]);
    const [a, b] = net.rollups as [EconomyRollup, EconomyRollup]; // CAST: two names, two rollups
    const contracts: readonly BaseContract[] = [a.era, a.fees, a.staking, a.rollupRegistry, a.guardianSet, a.manager];
    const [victim, thief] = [await a.holder.getAddress(), await a.user.getAddress()];
    const operator = net.guardians[0]?.operator ?? "";
    for (const contract of contracts) await a.era.connect(a.holder).approve(await contract.getAddress(), MaxUint256);
    await a.staking.connect(a.holder).stake(operator, 7n * ETHER);
    await a.fees.connect(a.holder).buyCredit(victim, 5n * ETHER);

    const own = await Promise.all(contracts.map((contract) => contract.getAddress()));
    const bytes = ["0x", interop(b, thief), eraPayload(b, victim, thief, ETHER), interop(b, await b.era.getAddress())];
    const numbers = [0n, 1n, a.chainId, b.chainId, ETHER, MaxUint256];
    const values = new Values([victim, thief, operator, ...own], numbers, bytes, FUZZ_SEED);
    const state = async () => ({
      supply: await a.era.totalSupply(),
      victim: await a.era.balanceOf(victim),
      thief: await a.era.balanceOf(thief),
      shares: [await a.staking.sharesOf(operator, victim), await a.staking.sharesOf(operator, thief)],
      credit: [...(await a.gateway.credit(victim)), ...(await a.gateway.credit(thief))],
      source: [...(await a.era.source(b.chainId))].slice(0, 4),
      rollup: [...(await a.rollupRegistry.rollup(b.chainId))],
      administrator: (await a.manager.hasRole(0, thief)).isMember,
      admitted: (await a.guardianSet.operatorInfo(operator)).admitted,
      code: await Promise.all(own.map((address) => a.connection.networkHelpers.getStorageAt(address, IMPLEMENTATION))),
    });
    const before = await state();
    expect(before.administrator).to.equal(false);

    let calls = 0;
    let taken = 0;
    for (const contract of contracts) {
      const { interface: abi } = contract;
      for (const fragment of abi.fragments.filter((part) => part.type === "function")) {
        const method = abi.getFunction(fragment.format("sighash").replace(/^function /, ""));
        if (method === null || method.constant) continue;
        for (let round = 0; round < ROUNDS; round++) {
          const data = abi.encodeFunctionData(
            method,
            method.inputs.map((input) => values.of(input)),
          );
          const sent = await a.user.sendTransaction({ to: contract, data, gasLimit: 3_000_000 }).catch(() => undefined);
          calls++;
          if (sent !== undefined) taken++;
        }
      }
    }
    expect(calls).to.be.greaterThan(50 * ROUNDS);
    // Allowances, delegations, rotations and the like are anybody's own affair.
    expect(taken).to.be.greaterThan(0);
    expect(await state()).to.deep.equal(before);
  }).timeout(240_000);
});
