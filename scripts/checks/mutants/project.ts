import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import solc from "solc";
import type { Sources } from "../formal/compiler.ts";
import { readSource } from "../formal/compiler.ts";

/** What tests read; the contracts themselves are in the artifacts. */
const COPIED = ["artifacts", "contracts", "deploy", "scripts", "sdk", "test", "typechain-types"] as const;
const FILES = ["hardhat.config.ts", "package.json", "tsconfig.json"] as const;

/** As hardhat.config.ts: without the hash of the sources, so that an equal mutant has equal code. */
const SETTINGS = {
  evmVersion: "prague",
  viaIR: true,
  optimizer: { enabled: true, runs: 200 },
  metadata: { bytecodeHash: "none" },
};

interface Code {
  readonly object: string;
  readonly linkReferences: object;
  readonly immutableReferences?: object;
}

export interface Compiled {
  readonly bytecode: Code;
  readonly deployedBytecode: Code;
}

/** Compiles the roots (`file:Contract`) with what was changed in memory; undefined if the change does not compile. */
export function compileRoots(
  root: string,
  roots: readonly string[],
  changed: Sources,
): Map<string, Compiled> | undefined {
  const result = new Map<string, Compiled>();
  for (const name of roots) {
    const [file = "", contract = ""] = name.split(":");
    const outputs = ["evm.bytecode", "evm.deployedBytecode"].flatMap((part) =>
      ["object", "linkReferences", "immutableReferences"].map((field) => `${part}.${field}`),
    );
    const input = {
      language: "Solidity",
      sources: { [file]: { content: readSource(root, changed, file) } },
      settings: { ...SETTINGS, outputSelection: { [file]: { [contract]: outputs } } },
    };
    // CAST: solc's bindings are untyped; standard JSON output is what its documentation says it is.
    const run = solc.compile as (input: string, callbacks: object) => string;
    const callbacks = { import: (wanted: string) => ({ contents: readSource(root, changed, wanted) }) };
    // CAST: as above.
    const output = JSON.parse(run(JSON.stringify(input), callbacks)) as {
      contracts?: Record<string, Record<string, { evm: Compiled }>>;
    };
    const evm = output.contracts?.[file]?.[contract]?.evm;
    if (evm === undefined || evm.bytecode.object === "") return undefined;
    result.set(name, evm);
  }
  return result;
}

/** A copy of the project whose artifacts and bindings can be replaced without touching what gets deployed. */
export class Project {
  readonly #copy: string;
  readonly #original = new Map<string, string>();

  constructor(root: string) {
    this.#copy = path.join(root, "cache/mutants");
    rmSync(this.#copy, { recursive: true, force: true });
    mkdirSync(this.#copy, { recursive: true });
    for (const name of [...COPIED, ...FILES])
      cpSync(path.join(root, name), path.join(this.#copy, name), { recursive: true });
    symlinkSync(path.join(root, "node_modules"), path.join(this.#copy, "node_modules"), "junction");
  }

  /** Puts code where tests take it from: the artifact and the binding's factory. */
  install(codes: ReadonlyMap<string, Compiled>): void {
    for (const [name, { bytecode, deployedBytecode }] of codes) {
      const [file = "", contract = ""] = name.split(":");
      const artifact = path.join("artifacts", file, `${contract}.json`);
      // CAST: Hardhat's artifact.
      const fields = JSON.parse(this.#read(artifact)) as Record<string, unknown>;
      const before = String(fields["bytecode"]);
      this.#write(
        artifact,
        JSON.stringify({
          ...fields,
          bytecode: `0x${bytecode.object}`,
          deployedBytecode: `0x${deployedBytecode.object}`,
          immutableReferences: deployedBytecode.immutableReferences ?? {},
        }),
      );
      const factory = path.join("typechain-types/factories", path.dirname(file), `${contract}__factory.ts`);
      const nested = path.join("typechain-types/factories", file, `${contract}__factory.ts`);
      const binding = [factory, nested].find((place) => existsSync(path.join(this.#copy, place)));
      if (binding !== undefined) this.#write(binding, this.#read(binding).replace(before, `0x${bytecode.object}`));
    }
  }

  /** Puts back what {@link install} replaced. */
  restore(): void {
    for (const [file, content] of this.#original) writeFileSync(path.join(this.#copy, file), content);
  }

  /** Runs tests until the first failure; whether all passed. */
  test(files: readonly string[], seconds: number): { readonly passed: boolean; readonly output: string } {
    const hardhat = path.join(this.#copy, "node_modules/hardhat/dist/src/cli.js");
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [hardhat, "test", "mocha", "--no-compile", "--bail", ...files],
      {
        cwd: this.#copy,
        encoding: "utf8",
        timeout: seconds * 1000,
        killSignal: "SIGKILL",
        maxBuffer: 1 << 28,
        env: { ...process.env, HARDHAT_DISABLE_TELEMETRY: "true", METALAYER_FUZZ_SEED: "1" },
      },
    );
    return { passed: status === 0, output: `${stdout}${stderr}` };
  }

  #read(file: string): string {
    const known = this.#original.get(file);
    if (known !== undefined) return known;
    const content = readFileSync(path.join(this.#copy, file), "utf8");
    this.#original.set(file, content);
    return content;
  }

  #write(file: string, content: string): void {
    writeFileSync(path.join(this.#copy, file), content);
  }
}
