import type { Signer, TransactionReceipt } from "ethers";
import type { Address, Hex } from "../bytes.ts";
import { MetalayerError } from "../errors.ts";
import { CREATE2_DEPLOYER, CREATE2_DEPLOYER_ACCOUNT, CREATE2_DEPLOYER_TRANSACTION } from "./addresses.ts";
import { managerTransactions } from "./calls.ts";
import { missingContracts } from "./code.ts";
import { factoryCall } from "./contracts.ts";
import { inspectRollup } from "./inspect.ts";
import type { RollupPlan } from "./plan.ts";
import { serviceSources } from "./services.ts";
import { inspectSettings } from "./settings.ts";
import { createView, providerReader, type ReadingProvider } from "./view.ts";

/** What a deployment used. */
export interface DeploymentCost {
  readonly transactions: number;
  readonly gas: bigint;
  /** The part of `gas` that placed services, which no core contract needs. */
  readonly servicesGas: bigint;
}

/**
 * Brings a rollup to its plan with {@link executePlan} and compares everything with the plan, code included. Throws as that, and
 * `DEPLOYMENT_INCOMPLETE` if the rollup differs from its plan at the end.
 */
export async function deployRollup(plan: RollupPlan, signer: Signer): Promise<DeploymentCost> {
  const cost = await executePlan(plan, signer);
  const { differences } = await inspectRollup(plan, providerReader(providerOf(signer)));
  if (differences.length === 0) return cost;
  const named = differences.map(({ name, expected, actual }) => `${name} is ${actual}, not ${expected}`).join("; ");
  throw new MetalayerError("DEPLOYMENT_INCOMPLETE", `rollup ${plan.rollup.name} differs from its plan: ${named}`, {
    differences,
  });
}

/**
 * Places what is missing and sets what differs with one signer, one transaction after the other: for in-process networks and tests.
 * Whatever stands already is left alone. Throws `DEPLOYMENT_WRONG_DEPLOYER`.
 */
export async function executePlan(plan: RollupPlan, signer: Signer): Promise<DeploymentCost> {
  await checkDeployer(plan, signer);
  const reader = providerReader(providerOf(signer));
  const services = new Set<string>(serviceSources(plan.addresses).map(({ name }) => name));
  let [transactions, gas, servicesGas] = [0, 0n, 0n];
  const send = async (to: Address | null, data: Hex, value = 0n): Promise<bigint> => {
    const sent = await signer.sendTransaction({ to, data, value });
    const receipt: TransactionReceipt | null = await sent.wait();
    const used = receipt?.gasUsed ?? 0n;
    transactions += 1;
    gas += used;
    return used;
  };

  if ((await reader.code(CREATE2_DEPLOYER)) === "0x") {
    await send(CREATE2_DEPLOYER_ACCOUNT, "0x", 10n ** 16n);
    const placed = await signer.provider?.broadcastTransaction(CREATE2_DEPLOYER_TRANSACTION);
    await placed?.wait();
  }
  if ((await reader.code(plan.addresses.Create3Factory)) === "0x") await send(CREATE2_DEPLOYER, plan.factoryDeployment);
  for (const contract of await missingContracts(plan, reader)) {
    const used = await send(plan.addresses.Create3Factory, factoryCall(contract));
    if (services.has(contract.name)) servicesGas += used;
  }
  const { calls } = await inspectSettings(createView(plan, reader));
  for (const { to, data } of managerTransactions(plan.addresses, calls)) await send(to, data);
  return { transactions, gas, servicesGas };
}

/** Throws `DEPLOYMENT_WRONG_DEPLOYER` unless the signer is the account that the addresses were predicted for. */
export async function checkDeployer(plan: RollupPlan, signer: Signer): Promise<void> {
  const address = await signer.getAddress();
  const { deployer } = plan.parameters;
  if (address.toLowerCase() === deployer.toLowerCase()) return;
  throw new MetalayerError(
    "DEPLOYMENT_WRONG_DEPLOYER",
    `the parameters name ${deployer} as deployer, the key belongs to ${address}`,
    {
      expected: deployer,
      actual: address,
    },
  );
}

function providerOf(signer: Signer): ReadingProvider {
  if (signer.provider === null)
    throw new MetalayerError("DEPLOYMENT_NO_PROVIDER", "the deployer's signer has no provider");
  const { provider } = signer;
  return {
    call: (transaction) => provider.call(transaction),
    getCode: (address) => provider.getCode(address),
    getStorage: (address, slot) => provider.getStorage(address, slot),
    getBlock: (tag) => provider.getBlock(tag),
    getLogs: (filter) => provider.getLogs(filter),
  };
}
