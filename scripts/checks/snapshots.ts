import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Text with a trailing newline that a review can read line by line. */
export const asText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/**
 * Compares committed files with what they should hold. With `write` they are made so, and files among `present` that
 * nothing stands behind any more go.
 */
export function compareSnapshots(
  root: string,
  present: readonly string[],
  wanted: ReadonlyMap<string, string>,
  write: boolean,
): string[] {
  const problems: string[] = [];
  for (const file of present.filter((name) => !wanted.has(name))) {
    if (write) rmSync(path.join(root, file));
    else problems.push(`${file} stands for nothing any more`);
  }
  for (const [name, content] of wanted) {
    const file = path.join(root, name);
    const old = existsSync(file) ? readFileSync(file, "utf8") : undefined;
    if (old === content) continue;
    if (write) {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, content);
    } else {
      problems.push(`${name} ${old === undefined ? "is missing" : `differs (${firstDifference(old, content)})`}`);
    }
  }
  if (problems.length > 0)
    problems.push("if this is what you meant: npm run check -- --write, and say why in the commit");
  return problems;
}

function firstDifference(old: string, content: string): string {
  const [before, after] = [old.split("\n"), content.split("\n")];
  const index = after.findIndex((line, at) => line !== before[at]);
  const at = index < 0 ? after.length : index;
  return `line ${at + 1}: "${before[at]?.trim() ?? ""}" is now "${after[at]?.trim() ?? ""}"`;
}
