import type { Hex } from "../../sdk/src/bytes.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import type { FactToSign } from "../network/coordinator.ts";
import { createCoordinator } from "../network/coordinator.ts";
import { createGuardianClient } from "../network/guardian-client.ts";
import { attestationFor, readTable, tableCalls } from "../network/tables.ts";
import { CommandError } from "./command.ts";
import type { Connection } from "./connection.ts";

/** An attestation of one fact for one rollup, by the guardians that its table names. Throws CLI_NOT_ATTESTED. */
export async function askGuardians(
  dst: Connection,
  networkId: Hex,
  fact: FactToSign,
  signal: AbortSignal,
): Promise<Hex> {
  const { pool, contracts, description, name } = dst;
  const serial = Number(await contracts.guardianSet.currentSerial());
  const [record, page] = await pool.batch(tableCalls(description.contracts.GuardianSet, serial), { signal });
  if (record?.ok !== true || page?.ok !== true) throw new Error("the table cannot be read");
  const table = readTable(serial, record.result, page.result);
  const client = createGuardianClient();
  try {
    const coordinator = createCoordinator({ networkId, name: `cli-${process.pid}`, client });
    const attested = await coordinator.attest([fact], [table], signal);
    return attestationFor(table, attested).bytes;
  } catch (error) {
    if (!(error instanceof MetalayerError)) throw error;
    const isUnannounced = table.guardians.every(({ url }) => url === "");
    const what = isUnannounced ? `no guardian of ${name} has announced where it answers` : error.message;
    const next = "try again in a while; ./metalayer rotate --dry-run shows whether the rollup's table is in force";
    throw new CommandError("CLI_NOT_ATTESTED", what, "Nothing was delivered", next, { cause: error });
  } finally {
    await client.close();
  }
}
