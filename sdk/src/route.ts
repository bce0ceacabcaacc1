import { checkUint, hashWords, type Address, type Hex } from "./bytes.ts";
import { MetalayerError } from "./errors.ts";
import { LANE_TYPEHASH } from "./network.ts";

/** Chain ids are below 2^63. */
export const CHAIN_ID_BITS = 63;
/** Incarnations are 1 … 16,383. */
export const INCARNATION_BITS = 14;

/** An ordered pair of rollup incarnations. */
export interface Route {
  readonly srcChainId: bigint;
  readonly dstChainId: bigint;
  readonly srcIncarnation: bigint;
  readonly dstIncarnation: bigint;
}

/** A route with the network and the gateways at its two ends: everything that its messages are bound to. */
export interface Lane extends Route {
  readonly networkId: Hex;
  readonly srcGateway: Address;
  readonly dstGateway: Address;
}

/** The route as one number. Throws `ROUTE_INVALID` for a zero field or equal chain ids, `VALUE_OUT_OF_RANGE` otherwise. */
export function packRoute(route: Route): bigint {
  checkUint("srcChainId", route.srcChainId, CHAIN_ID_BITS);
  checkUint("dstChainId", route.dstChainId, CHAIN_ID_BITS);
  checkUint("srcIncarnation", route.srcIncarnation, INCARNATION_BITS);
  checkUint("dstIncarnation", route.dstIncarnation, INCARNATION_BITS);
  const { srcChainId, dstChainId, srcIncarnation, dstIncarnation } = route;
  if (!(srcChainId && dstChainId && srcIncarnation && dstIncarnation) || srcChainId === dstChainId) {
    throw new MetalayerError("ROUTE_INVALID", "a route joins two different chains, nothing in it is zero", {
      srcChainId,
      dstChainId,
      srcIncarnation,
      dstIncarnation,
    });
  }
  return (srcChainId << 192n) | (dstChainId << 128n) | (srcIncarnation << 112n) | (dstIncarnation << 96n);
}

/** The route that a number stands for. Throws as {@link packRoute}, and `ROUTE_INVALID` if unused bits are set. */
export function unpackRoute(packed: bigint): Route {
  const field = (shift: bigint, bits: number): bigint => (packed >> shift) & ((1n << BigInt(bits)) - 1n);
  const route = {
    srcChainId: field(192n, 64),
    dstChainId: field(128n, 64),
    srcIncarnation: field(112n, 16),
    dstIncarnation: field(96n, 16),
  };
  if (packRoute(route) !== packed)
    throw new MetalayerError("ROUTE_INVALID", "unused bits of a route are set", { packed });
  return route;
}

/** The lane's id, which is also its first head. */
export function laneId(lane: Lane): Hex {
  return hashWords([LANE_TYPEHASH, lane.networkId, packRoute(lane), lane.srcGateway, lane.dstGateway]);
}
