import fc from "fast-check";

/** Seed of all property tests of this run. `METALAYER_FUZZ_SEED=<seed>` repeats a run. */
export const FUZZ_SEED = Number(process.env["METALAYER_FUZZ_SEED"] ?? Date.now() % 0x8000_0000);

/** Runs a property with this run's seed, which a failure names together with the shrunk example. */
export function forAll<T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => void, numRuns = 200): void {
  fc.assert(
    fc.property(arbitrary, (value) => {
      property(value);
    }),
    { seed: FUZZ_SEED, numRuns },
  );
}
