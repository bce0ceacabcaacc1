import { readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { createGuardianMetrics } from "../../scripts/guardian/metrics.ts";
import { createRelayerMetrics } from "../../scripts/relayer/metrics.ts";
import { createWatchMetrics } from "../../scripts/watch/metrics.ts";

describe("alert rules", () => {
  const read = (file: string): string => readFileSync(path.resolve(import.meta.dirname, "../../docs", file), "utf8");
  const rules = read("alerts.yml");
  const namesIn = (pattern: RegExp): string[] => [...rules.matchAll(pattern)].map(([, name = ""]) => name);

  it("ask for figures that relayers, guardians and watchtowers have", async () => {
    const made = [createRelayerMetrics(), createGuardianMetrics(), createWatchMetrics()];
    const registries = made.map(({ registry }) => registry);
    const known = (await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()))).flat();
    const asked = namesIn(/expr: (.*)/g).flatMap(
      (expression) => expression.match(/\b(relayer|guardian|watch)_\w+/g) ?? [],
    );
    expect(asked.length).to.be.greaterThan(9);
    expect(asked.filter((name) => !known.some((metric) => metric.name === name))).to.deep.equal([]);
  });

  it("are each explained to operators", () => {
    const alerts = namesIn(/alert: (\w+)/g);
    const text = read("operations.md");
    expect(alerts.length).to.be.greaterThan(9);
    expect(alerts.filter((name) => !text.includes(`\`${name}\``))).to.deep.equal([]);
  });
});
