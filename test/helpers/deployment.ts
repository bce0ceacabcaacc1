import { id } from "ethers";
import type { Address, Hex } from "../../sdk/src/bytes.ts";
import { networkIdOf } from "../../sdk/src/deployment/addresses.ts";
import type { ArtifactSource } from "../../sdk/src/deployment/artifacts.ts";
import type { NetworkParameters, RollupParameters } from "../../sdk/src/deployment/parameters.ts";
import { provePossession } from "../../sdk/src/possession.ts";
import { modN, publicKey } from "../../sdk/src/schnorr.ts";

const ERA = 10n ** 18n;
const FAR_FUTURE = 2n ** 40n;

const SLASHING = {
  fraction: 600_000n,
  reporterShare: 40_000n,
  incidentDelay: 300_000n,
  foreignFreeze: 200_000n,
  fastSuspension: 100_000n,
};

/** Parameters of a test network: every value differs from every other one of its type, so that mix-ups show. */
export function testParameters(
  artifacts: ArtifactSource,
  chain: { readonly deployer: string; readonly homeGenesisHash: string; readonly chainIds: readonly bigint[] },
  change: Partial<NetworkParameters> = {},
  addressSalt?: (chainId: bigint) => Hex,
): NetworkParameters {
  const account = (name: string): Address => `0x${id(name).slice(26)}`;
  const parameters: NetworkParameters = {
    salt: id("test deployment") as Hex, // CAST: a hash
    deployer: chain.deployer as Address, // CAST: callers pass addresses
    home: chain.chainIds[0] ?? 0n,
    homeGenesisHash: chain.homeGenesisHash as Hex, // CAST: callers pass hashes
    genesis: [
      { name: "holder", amount: 850_000_000n * ERA, to: account("holder") },
      {
        name: "team",
        amount: 30_000_000n * ERA,
        to: account("team"),
        vesting: { start: 2_000_000_000n, duration: 1_000n },
      },
      {
        name: "airdrop",
        amount: 70_000_000n * ERA,
        to: "governance",
        airdrop: { root: id("list") as Hex, deadline: 4_000_000_000n }, // CAST: a hash
      },
      { name: "guardian rewards reserve", amount: 50_000_000n * ERA, to: "guardian rewards" },
    ],
    governance: {
      votingDelay: 3_600n,
      votingPeriod: 86_400n,
      tallyWindow: 7_200n,
      proposalThreshold: 1_000n * ERA,
      quorum: 123n,
      notice: 300_000n,
      lockPeriod: 604_800n,
    },
    canceller: account("canceller"),
    pausers: [account("pauser 1"), account("pauser 2")],
    priceKeeper: account("price keeper"),
    fund: account("fund"),
    timelockDelay: 172_800n,
    anchorHeartbeat: 60n,
    staking: {
      unbonding: 1_000_000n,
      evidenceWindow: 500_000n,
      challenge: { bond: 7n * ERA, window: 7_200n, jailTime: 10_800n },
    },
    slashing: SLASHING,
    recovery: { account: account("recovery"), delay: 2_592_000n },
    guardians: { epochLength: 86_400n, grace: 3_600n, minimumWeight: 10_000n, floor: 4_000n, bootstrap: [] },
    rollups: chain.chainIds.map((chainId, index) => {
      const rollup = testRollup(chainId, BigInt(index));
      return addressSalt === undefined ? rollup : { ...rollup, addressSalt: addressSalt(chainId) };
    }),
    ...change,
  };
  return { ...parameters, guardians: { ...parameters.guardians, bootstrap: testBootstrap(parameters, artifacts, 5) } };
}

function testRollup(chainId: bigint, index: bigint): RollupParameters {
  return {
    name: `rollup ${chainId}`,
    chainId,
    incarnation: 1n + index,
    stack: index === 2n ? "arbitrum" : "op",
    stackKind: "evm",
    finality: index === 1n ? { depth: 12n } : "tag",
    prices: {
      basePrice: 2_000n + index,
      pricePerByte: 5_000n + index,
      pricePerKGas: 20_000n + index,
      fundShare: 100n + index,
      burnShare: 50n + index,
      maxGasLimit: (9_000n + index) * 1_024n,
    },
    // Caps are the prices: whatever is above them was not the keeper.
    priceBounds: {
      basePrice: { floor: 1_000n + index, cap: 2_000n + index },
      pricePerByte: { floor: 2_500n + index, cap: 5_000n + index },
      pricePerKGas: { floor: 10_000n + index, cap: 20_000n + index },
      step: 110n + index,
      interval: 1_800n + index,
    },
    statePrices: { headPrice: 600n + index, slotPrice: 700n + index },
    limits: {
      ceiling: (10_000_000n + index) * ERA,
      eraCapacity: (1_000_000n + index) * ERA,
      feeCapacity: (10_000n + index) * 10n ** 9n,
      guardianShare: 300n + index,
    },
  };
}

function testBootstrap(
  parameters: NetworkParameters,
  artifacts: ArtifactSource,
  count: number,
): NetworkParameters["guardians"]["bootstrap"] {
  const networkId = networkIdOf(parameters, artifacts);
  return Array.from({ length: count }, (_, index) => {
    const secret = modN(BigInt(id(`deployment guardian ${index}`)));
    const operator = `0x${id(`deployment operator ${index}`).slice(26)}` as const;
    return {
      operator,
      key: publicKey(secret),
      proof: provePossession(secret, networkId, operator),
      weight: 1_000n + BigInt(index),
      expiry: FAR_FUTURE,
    };
  });
}
