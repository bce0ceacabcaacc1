import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import type { Command } from "../../scripts/cli/command.ts";
import { filesBelow } from "../../scripts/checks/artifacts.ts";
import { CommandError, UsageError, integer, oneOf } from "../../scripts/cli/command.ts";
import { describeError } from "../../scripts/cli/errors.ts";
import { formatTable, toJson } from "../../scripts/cli/output.ts";
import { testLanes } from "../../scripts/cli/test-lanes.ts";
import { summarise, takeTurns } from "../../scripts/cli/test.ts";

const root = path.resolve(import.meta.dirname, "../..");
const commands = path.join(root, "scripts/cli/commands");

async function metalayer(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const argv = ["--import", "tsx", "scripts/cli/main.ts", ...args];
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, argv, { cwd: root })) };
  } catch (error) {
    // CAST: execFile rejects with the exit code and both outputs of the process.
    return error as { code: number; stdout: string; stderr: string };
  }
}

describe("command line", () => {
  describe("commands", () => {
    for (const file of readdirSync(commands)) {
      it(`${file} exports a command of its own name that explains itself`, async () => {
        // CAST: this is the test that holds it.
        const { command } = (await import(path.join(commands, file))) as { command: Command };
        expect(`${command.name}.ts`).to.equal(file);
        expect(command.description).to.match(/^[A-Z].*\.$/);
        expect(command.examples, "examples").to.not.have.lengthOf(0);
        for (const example of command.examples)
          expect(example).to.match(new RegExp(`^\\./metalayer ${command.name}\\b`));
      });
    }
  });

  describe("main", () => {
    it("lists every command with examples", async () => {
      const { code, stdout } = await metalayer("--help");
      expect(code).to.equal(0);
      for (const file of readdirSync(commands)) expect(stdout).to.match(new RegExp(`^ {2}${file.slice(0, -3)} `, "m"));
      expect(stdout).to.contain("Examples:");
    });

    it("ends with 2 and says what to do on a wrong command or flag", async () => {
      const wrongCommand = await metalayer("tset");
      expect(wrongCommand.code).to.equal(2);
      expect(wrongCommand.stderr).to.contain("unknown command 'tset'").and.to.contain("./metalayer --help");
      const wrongFlag = await metalayer("test", "--grap", "x");
      expect(wrongFlag.code).to.equal(2);
      expect(wrongFlag.stderr).to.contain("unknown option '--grap'");
    });

    it("answers a machine with one JSON document", async () => {
      const { code, stdout } = await metalayer("test", "--grap", "x", "--json");
      expect(code).to.equal(2);
      expect(JSON.parse(stdout)).to.have.nested.property("error.code", "commander.unknownOption");
    });
  });

  describe("errors", () => {
    it("say what happened, what is unchanged and what to do", () => {
      const error = new CommandError("CLI_X", "the node is gone", "No message was sent", "start it again");
      expect(describeError(error).sentence).to.equal(
        "Error: the node is gone. No message was sent. Next: start it again.",
      );
    });

    it("translate a library's code, also from a cause", () => {
      const refused = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:1"), { code: "ECONNREFUSED" });
      const described = describeError(new Error("fetch failed", { cause: refused }));
      expect(described.code).to.equal("ECONNREFUSED");
      expect(described.sentence).to.contain("no node answers").and.to.contain("Next: ");
    });
  });

  describe("options", () => {
    it("refuse what does not fit", () => {
      expect(integer(2, 8)("8")).to.equal(8);
      for (const wrong of ["1", "9", "2.5", "-2", "", "x"])
        expect(() => integer(2, 8)(wrong), wrong).to.throw(UsageError);
      expect(oneOf("fast", "final")("fast")).to.equal("fast");
      expect(() => oneOf("fast", "final")("slow")).to.throw(UsageError);
    });
  });

  describe("output", () => {
    it("writes amounts as decimal strings for machines", () => {
      expect(JSON.parse(toJson({ wei: 10n ** 27n }))).to.deep.equal({ wei: "1000000000000000000000000000" });
    });

    it("groups figures in tables for people without rounding them", async () => {
      const table = await formatTable(
        ["name", "gas"],
        [
          ["send", 52_034],
          ["wei", 12345678901234567890n],
        ],
      );
      expect(table).to.contain("52,034").and.to.contain("12,345,678,901,234,567,890");
    });
  });

  describe("test", () => {
    it("counts both runners from Hardhat's closing lines, colours or not", () => {
      const output =
        "  3 passing (1s)\n\u001b[32m41 passing\u001b[39m (40 mocha, 1 solidity)\n\u001b[31m2 failing\u001b[39m (2 mocha)\n";
      expect(summarise(output, 1, true)).to.deep.equal({ passed: 41, failed: 2, ok: false });
      expect(summarise("41 passing (40 mocha, 1 solidity)\n", 0, true)).to.deep.equal({
        passed: 41,
        failed: 0,
        ok: true,
      });
    });

    it("takes a run that broke off, or held no test, for a failure", () => {
      expect(summarise("Error: cannot load a file\n", 1, true)).to.deep.equal({ passed: 0, failed: 1, ok: false });
      expect(summarise("", 0, true)).to.deep.equal({ passed: 0, failed: 1, ok: false });
    });

    it("runs every test file in exactly one lane", () => {
      const lanes = testLanes(process.cwd());
      const files = [".test.ts", ".t.sol"].flatMap((end) => filesBelow(process.cwd(), "test", end));
      expect(lanes.flat().sort()).to.deep.equal(files.sort());
      for (const lane of lanes) expect(lane.length).to.be.greaterThan(20);
    });

    it("shows what lanes print one after the other, though they print at once and end in any order", () => {
      const shown: string[] = [];
      const writers = takeTurns(3, (piece) => shown.push(piece));
      for (const piece of ["a", "b"]) for (const [lane, { write }] of writers.entries()) write(`${lane}${piece}`);
      expect(shown).to.deep.equal(["0a", "0b"]);
      writers[1]?.end();
      writers[0]?.write("0c");
      writers[0]?.end();
      expect(shown).to.deep.equal(["0a", "0b", "0c", "1a", "1b", "2a", "2b"]);
      writers[2]?.write("2c");
      expect(shown.at(-1)).to.equal("2c");
    });
  });
});
