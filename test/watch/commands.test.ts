import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect } from "chai";
import { failureOf, run, runJson } from "../cli/run.ts";
import { devWallet } from "../helpers/daemonNetwork.ts";
import { forge, frozenOn, LIARS, relay, sendMined, startWatchedNetwork, type WatchedNetwork } from "./network.ts";

interface Once {
  readonly judged: number;
  readonly unchecked: readonly unknown[];
  readonly cases: readonly { readonly kind: string; readonly file?: string; readonly charges: readonly object[] }[];
}

interface Submitted {
  readonly rollups: readonly { readonly rollup: string; readonly state: string; readonly reason?: string }[];
}

describe("command line: watch and evidence on real nodes", function () {
  this.timeout(240_000);
  const folder = mkdtempSync(path.join(os.tmpdir(), "metalayer-cli-watch-"));
  const file = (name: string): string => path.join(folder, name);
  let network: WatchedNetwork;

  before(async () => {
    network = await startWatchedNetwork(2);
    await sendMined(network, 5);
    await network.net.deliver({ drop: ({ nonce }) => nonce >= 2n });
    writeFileSync(file("key.json"), JSON.stringify({ secretKey: devWallet(5).privateKey }), { mode: 0o600 });
    writeFileSync(
      file("settings.json"),
      JSON.stringify(network.settings({ keyFile: file("key.json"), sinceSeconds: 3_600 })),
    );
  });

  after(async () => {
    await network.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("watch --once says that all is true, exit code 0", async () => {
    const { code, result } = await runJson<Once>("watch", file("settings.json"), "--once", "--dry-run");
    expect([code, result.judged, result.unchecked, result.cases]).to.deep.equal([0, 1, [], []]);
  });

  it("watch --once --dry-run finds a lie, exit code 1, and evidence submit brings it to the rollup, once", async () => {
    await relay(network, await forge(network, 2n, 4n));
    const found = await runJson<Once>("watch", file("settings.json"), "--once", "--dry-run", "--evidence", file("out"));
    expect([found.code, found.result.cases.length]).to.deep.equal([1, 1]);
    const evidence = found.result.cases[0]?.file ?? "";
    const submit = (...flags: readonly string[]) =>
      runJson<Submitted>("evidence", "submit", evidence, file("settings.json"), ...flags);
    const states = async (answer: ReturnType<typeof submit>) => {
      const { code, result } = await answer;
      return [code, ...result.rollups.map(({ state }) => state)];
    };
    const frozen = () => frozenOn(network.world.a, network.net, LIARS);
    expect(await states(submit("--dry-run"))).to.deep.equal([0, "would be taken"]);
    await refusesDamage(evidence);
    expect(await frozen()).to.equal(0);
    expect(await states(submit())).to.deep.equal([0, "convicted"]);
    expect(await frozen()).to.equal(LIARS.length);
    expect(await states(submit())).to.deep.equal([1, "already convicted"]);
  });

  async function refusesDamage(evidence: string): Promise<void> {
    const text = readFileSync(evidence, "utf8");
    const attempt = async (changed: string): Promise<readonly [string, string]> => {
      writeFileSync(file("damaged.json"), changed);
      const { code, sentence } = await failureOf("evidence", "submit", file("damaged.json"), file("settings.json"));
      return [code, sentence];
    };
    expect((await attempt(text.slice(0, -20)))[0]).to.equal("EVIDENCE_UNREADABLE");
    expect(await attempt(text.replace('"headAt": "0x', '"headAt": "0'))).to.satisfy(
      ([code, sentence]: readonly [string, string]) => code === "EVIDENCE_DAMAGED" && sentence.includes("headAt"),
    );
    const foreign = text.replace(network.net.networkId, `0x${"77".repeat(32)}`);
    expect((await attempt(foreign))[0]).to.equal("EVIDENCE_FOREIGN");
    const missing = await failureOf("evidence", "submit", file("none.json"), file("settings.json"));
    expect(missing.code).to.equal("EVIDENCE_UNREADABLE");
    // One byte of the signature, the fact and the proof: whatever is changed, the rollup does not take it.
    for (const field of ["attestation", "batchRoot", "headAt"]) {
      const place = text.indexOf("0x", text.indexOf(`"${field}"`)) + 60;
      const changed = text.slice(0, place) + (text[place] === "a" ? "b" : "a") + text.slice(place + 1);
      writeFileSync(file("damaged.json"), changed);
      const { code, result } = await runJson<Submitted>(
        "evidence",
        "submit",
        file("damaged.json"),
        file("settings.json"),
      );
      expect([code, result.rollups[0]?.state], field).to.deep.equal([1, "refused"]);
      expect(result.rollups[0]?.reason, field).to.match(/Slashing|GuardianSet/);
    }
  }

  it("watch --exit-on-lie ends with exit code 1 when the lie is dealt with", async () => {
    const { code, out } = await run("watch", file("settings.json"), "--exit-on-lie");
    expect(code).to.equal(1);
    expect(out).to.contain("Watchtower stopped");
  });

  it("says what is wrong with its settings", async () => {
    writeFileSync(file("bare.json"), JSON.stringify(network.settings()));
    expect((await failureOf("watch", file("bare.json"), "--once")).code).to.equal("KEY_MISSING");
    writeFileSync(file("odd.json"), JSON.stringify(network.settings({ patience: 5 })));
    expect((await failureOf("watch", file("odd.json"), "--once")).code).to.equal("CONFIG_INVALID");
    expect((await run("evidence", "burn", "x.json")).code).to.equal(2);
  });
});
