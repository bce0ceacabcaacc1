import { readdirSync } from "node:fs";
import path from "node:path";
import { Command as Program, CommanderError, InvalidArgumentError, Option as ProgramOption } from "commander";
import type { Command, Context } from "./command.ts";
import { UsageError } from "./command.ts";
import { describeError } from "./errors.ts";
import type { Streams } from "./output.ts";
import { createOutput, toJson } from "./output.ts";
import type { Standing } from "./standing.ts";
import { noting } from "./standing.ts";

const root = path.resolve(import.meta.dirname, "../..");
const folder = path.join(import.meta.dirname, "commands");

/**
 * Runs what the arguments ask for and writes to these streams.
 * Exit codes: 0 done, 1 the command failed or its answer is no, 2 wrong usage, 130 interrupted.
 */
export async function runProgram(argv: readonly string[], streams: Streams): Promise<number> {
  process.chdir(root);
  const json = argv.includes("--json");
  const { out, err } = streams;
  const standing = new Map<string, Standing>();
  try {
    return await noting(standing, () => execute(argv, json, streams));
  } catch (error) {
    // Commander has already written help, or what is wrong with the arguments.
    if (error instanceof CommanderError) {
      if (json && error.exitCode !== 0) out.write(`${toJson({ error: describeError(error) })}\n`);
      return error.exitCode === 0 ? 0 : 2;
    }
    const described = describeError(error, [...standing.values()]);
    if (json) out.write(`${toJson({ error: described })}\n`);
    err.write(`${described.sentence}\n`);
    if (process.env["METALAYER_DEBUG"] && error instanceof Error) err.write(`${error.stack ?? ""}\n`);
    if (error instanceof UsageError) return 2;
    return described.code === "ABORTED" ? 130 : 1;
  }
}

async function execute(argv: readonly string[], json: boolean, streams: Streams): Promise<number> {
  let exitCode = 0;
  const program = createProgram(streams);
  for (const command of await loadCommands(argv)) {
    addCommand(program, command, async (args, options) => {
      const signals = listenToSignals();
      try {
        const isDone = (await command.run(createContext(args, json, streams, signals), options)) !== false;
        if (!isDone) exitCode = signals.hasFired() ? 130 : 1;
      } finally {
        signals.stop();
      }
    });
  }
  if (argv.length === 0) program.help();
  await program.parseAsync(argv, { from: "user" });
  return exitCode;
}

/** Only the command that was asked for, or all of them for the list. */
async function loadCommands(argv: readonly string[]): Promise<Command[]> {
  const names = readdirSync(folder)
    .filter((file) => file.endsWith(".ts"))
    .map((file) => file.slice(0, -".ts".length));
  const asked = argv.find((word) => !word.startsWith("-"));
  const wanted = asked !== undefined && names.includes(asked) ? [asked] : names;
  return await Promise.all(
    wanted.map(async (name) => {
      // CAST: test/cli/commands.test.ts holds that every file here exports one command under its own name.
      const module = (await import(path.join(folder, `${name}.ts`))) as { command: Command };
      return module.command;
    }),
  );
}

function createProgram({ out, err }: Streams): Program {
  return new Program("metalayer")
    .configureOutput({ writeOut: (text) => void out.write(text), writeErr: (text) => void err.write(text) })
    .usage("<command> [options]")
    .description("Metalayer: messages, assets and decisions between rollups.")
    .helpOption("-h, --help", "Explain a command and stop")
    .helpCommand("help [command]", "Explain a command")
    .option("--json", "Print one JSON document for machines instead of text")
    .addHelpText(
      "after",
      "\nExamples:\n  ./metalayer demo         see several rollups exchange messages\n  ./metalayer test         run every test\n  ./metalayer help test    explain one command",
    )
    .showHelpAfterError("(./metalayer --help lists the commands)")
    .exitOverride();
}

type Action = (args: string[], options: Record<string, unknown>) => Promise<void>;

function addCommand(program: Program, command: Command, action: Action): void {
  const added = program
    .command(command.name)
    .description(command.description)
    .helpGroup(`${command.group}:`)
    .option("--json", "Print one JSON document for machines instead of text")
    .showHelpAfterError(`(./metalayer help ${command.name} explains it)`);
  for (const { name, description } of command.args) added.argument(name, description);
  const keys = new Map<string, string>();
  for (const [key, { flags, description, parse, fallback, required }] of Object.entries(command.options)) {
    const option = new ProgramOption(flags, description).makeOptionMandatory(required ?? false);
    if (fallback !== undefined && fallback !== false) option.default(fallback);
    if (parse !== undefined) option.argParser((given) => parseOption(parse, given));
    added.addOption(option);
    keys.set(key, option.attributeName());
  }
  if (command.examples.length > 0) added.addHelpText("after", `\nExamples:\n  ${command.examples.join("\n  ")}`);
  added.action(async () => {
    const given = added.opts<Record<string, unknown>>();
    const options = Object.entries(command.options).map(([key, { fallback }]) => [
      key,
      given[keys.get(key) ?? key] ?? fallback,
    ]);
    // CAST: Object.fromEntries cannot know its keys' types; the values are the parsed options.
    await action(added.args, Object.fromEntries(options) as Record<string, unknown>);
  });
}

/** Commander names the option that a text was given for. */
function parseOption(parse: (text: string) => unknown, given: string): unknown {
  try {
    return parse(given);
  } catch (error) {
    throw error instanceof UsageError ? new InvalidArgumentError(error.message) : error;
  }
}

function createContext(args: readonly string[], json: boolean, streams: Streams, signals: Signals): Context {
  const typedIn = process.env["INIT_CWD"] ?? root;
  return {
    root,
    args,
    json,
    output: createOutput(json, streams),
    get signal() {
      return signals.listen();
    },
    path: (given) => path.resolve(typedIn, given),
  };
}

interface Signals {
  /** From now on the first SIGINT or SIGTERM asks the command to stop, the second one stops it. */
  listen(): AbortSignal;
  hasFired(): boolean;
  stop(): void;
}

function listenToSignals(): Signals {
  const controller = new AbortController();
  const names = ["SIGINT", "SIGTERM"] as const;
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Error(`interrupted by ${name}`));
  };
  let isListening = false;
  return {
    listen() {
      if (!isListening) for (const name of names) process.on(name, onSignal);
      isListening = true;
      return controller.signal;
    },
    hasFired: () => controller.signal.aborted,
    stop() {
      for (const name of names) process.off(name, onSignal);
    },
  };
}
