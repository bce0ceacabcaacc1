/**
 * Test kit for applications on Metalayer: several development chains with the protocol's real contracts in one process, and a relayer
 * that the test commands. It works with Hardhat 3's `network.create()` and with any ethers signer on a development node.
 *
 * @packageDocumentation
 */
export { createNetwork, TestNetwork } from "./network.ts";
export type { NetworkOptions, RollupSource } from "./network.ts";
export { TestRollup } from "./rollup.ts";
export type { DeliveryOptions, DeliveryReport, FailedDelivery } from "./delivery.ts";
export type { GenesisPart } from "../deployment/parameters.ts";
