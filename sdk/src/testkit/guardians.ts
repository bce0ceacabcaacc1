import { attestationDigest, bitmapOf } from "../attestation.ts";
import { fixedBytes, hashText, toAddress, type Address, type Hex } from "../bytes.ts";
import type { BootstrapGuardian } from "../deployment/parameters.ts";
import { MetalayerError } from "../errors.ts";
import { provePossession } from "../possession.ts";
import { modN, pointToHex, publicKey, type Point, type Signature } from "../schnorr.ts";
import { combine, createNonce, openSession, signPartial, sortEntries } from "../session.ts";

/** Weight of each guardian in whole ERA. */
const WEIGHT = 1_000n;
/** Bootstrap weights of the test kit do not expire. */
const NEVER = (1n << 40n) - 1n;

/** Guardians that sign whatever the test kit reads from its own rollups, each with a key of its own, in real signing sessions. */
export class TestGuardians {
  readonly #members: readonly { readonly secretKey: bigint; readonly key: Point; readonly operator: Address }[];

  constructor(
    readonly networkId: Hex,
    count: number,
  ) {
    if (!Number.isInteger(count) || count < 4 || count > 256) {
      throw new MetalayerError("TESTKIT_GUARDIANS", `a network has 4 to 256 guardians, not ${count}`, { count });
    }
    this.#members = Array.from({ length: count }, (_, index) => {
      const secretKey = modN(BigInt(hashText(`metalayer test guardian ${index}`)));
      const operator = toAddress(fixedBytes("hash", hashText(`metalayer test operator ${index}`), 32).subarray(12));
      return { secretKey, key: publicKey(secretKey), operator };
    });
  }

  /** How a deployment admits them. */
  bootstrap(): BootstrapGuardian[] {
    return this.#members.map(({ secretKey, key, operator }) => ({
      operator,
      key,
      proof: provePossession(secretKey, this.networkId, operator),
      weight: WEIGHT,
      expiry: NEVER,
    }));
  }

  /** Positions of all guardians in every table of the test network. */
  get bitmap(): bigint {
    return bitmapOf(this.#members.keys());
  }

  /** One aggregated signature of all guardians over a network root; it serves on every rollup. */
  sign(root: Hex): Signature {
    const nonces = this.#members.map(({ secretKey }) => createNonce(secretKey));
    const entries = sortEntries(
      this.#members.map(({ key }, index) => ({ key: pointToHex(key), ...nonceAt(nonces, index).commitment })),
    );
    const session = { networkId: this.networkId, message: attestationDigest(this.networkId, root), entries };
    const known = new Set(this.#members.map(({ key }) => key.x));
    const partials = new Map(
      this.#members.map(({ secretKey, key }, index) => {
        const nonce = nonceAt(nonces, index);
        return [pointToHex(key), signPartial({ secretKey, nonce, session, isProven: ({ x }) => known.has(x) })];
      }),
    );
    return combine(
      openSession(session),
      entries.map(({ key }) => partials.get(key) ?? "0x"),
    );
  }
}

function nonceAt<T>(nonces: readonly T[], index: number): T {
  const nonce = nonces[index];
  if (nonce === undefined) throw new MetalayerError("TESTKIT_GUARDIANS", "a guardian has no nonce", { index });
  return nonce;
}
