import { defineCommand, optional, text } from "../command.ts";

export const command = defineCommand({
  name: "test",
  description: "Run the tests: all of them, or the files and titles you name.",
  group: "Try it",
  args: [{ name: "[files...]", description: "Test files (*.ts, *.t.sol); all when none is named" }],
  options: {
    grep: optional("-g, --grep <pattern>", "Only tests whose title matches", text),
  },
  examples: [
    "./metalayer test",
    "./metalayer test --grep 'exactly once'",
    "./metalayer test test/messaging/MetalayerGateway.test.ts",
  ],
  async run({ args, output, path, root }, { grep }) {
    const { runTests } = await import("../test.ts");
    const result = await runTests(root, { files: args.map(path), grep, onOutput: output.write });
    output.line(`${result.passed} passed, ${result.failed} failed`);
    output.result(result);
    return result.ok ? undefined : false;
  },
});
