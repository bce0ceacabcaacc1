import { governanceOf } from "../../../cli/governance/contracts.ts";
import type { Site } from "../../world.ts";

/** Governance's contracts of a site, for reading and for calldata. */
export function governanceAt({ connection }: Site) {
  return governanceOf(connection.description, connection.provider);
}

/** Seconds since 1970 by the rollup's own clock. */
export async function timeOf({ connection }: Site): Promise<bigint> {
  const block = await connection.provider.getBlock("latest");
  return BigInt(block?.timestamp ?? 0);
}
