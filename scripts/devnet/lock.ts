import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { identify, identitySchema, isAlive } from "./processes.ts";

/** Takes a lock file, over from a holder that is gone if need be. Returns how to give it back. Throws DEVNET_BUSY. */
export function takeLock(file: string): () => void {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const handle = openSync(file, "wx", 0o600);
      writeSync(handle, JSON.stringify(identify(process.pid)));
      closeSync(handle);
      return () => rmSync(file, { force: true });
    } catch {
      if (isHeld(file)) break;
      rmSync(file, { force: true });
    }
  }
  throw new MetalayerError("DEVNET_BUSY", "Another command is starting the local network at this moment.", { file });
}

function isHeld(file: string): boolean {
  try {
    return isAlive(identitySchema.parse(JSON.parse(readFileSync(file, "utf8"))));
  } catch {
    return false;
  }
}
