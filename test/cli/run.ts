import { expect } from "chai";
import { runProgram } from "../../scripts/cli/program.ts";

export interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line as `./metalayer` does, in this process. */
export async function run(...argv: readonly string[]): Promise<Run> {
  const texts = { out: "", err: "" };
  const stream = (name: "out" | "err") => ({
    write(text: string | Uint8Array) {
      texts[name] += String(text);
      return true;
    },
  });
  const code = await runProgram(argv, { out: stream("out"), err: stream("err") });
  return { code, ...texts };
}

/** The JSON document that a machine gets, and the exit code. */
// The caller names what it expects the document to be.
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
export async function runJson<T>(...argv: readonly string[]): Promise<{ readonly code: number; readonly result: T }> {
  const { code, out } = await run(...argv, "--json");
  // CAST: the test says what it expects the document to be, and looks at what it needs.
  return { code, result: JSON.parse(out) as T };
}

/** The JSON document of a command that is to end with exit code 0. */
export async function resultOf<T>(...argv: readonly string[]): Promise<T> {
  const { code, result } = await runJson<T>(...argv);
  expect(code, `${argv.join(" ")}: ${JSON.stringify(result)}`).to.equal(0);
  return result;
}

/** Commands on a network that runs when they are called. */
export function onNetwork(network: () => { readonly file: string }) {
  const at = (...argv: readonly string[]): readonly string[] => [...argv, "--network", network().file];
  return { at, fine: <T>(...argv: readonly string[]): Promise<T> => resultOf<T>(...at(...argv)) };
}

export interface JsonError {
  readonly error: { readonly code: string; readonly sentence: string; readonly next?: string };
}

/** What a machine is told by a command that fails: exit code 1, and always what to do next. */
export async function failureOf(...argv: readonly string[]): Promise<JsonError["error"]> {
  const { code, result } = await runJson<JsonError>(...argv);
  expect(code, argv.join(" ")).to.equal(1);
  expect(result.error.next, `what to do next after: ${result.error.sentence}`).to.be.a("string");
  return result.error;
}
