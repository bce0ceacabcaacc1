import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect } from "chai";
import { loadArtifacts } from "../../deploy/artifacts.ts";
import { checkNetwork, isClean } from "../../deploy/check.ts";
import { openUrl } from "../../deploy/targets.ts";
import { runningParameters } from "../../scripts/devnet/parameters.ts";
import { protocolStep } from "../../scripts/devnet/protocol.ts";
import { rollupPresets } from "../../scripts/devnet/rollups.ts";
import { startDevnet } from "../../scripts/devnet/start.ts";
import { loadSecretKey } from "../../scripts/network/keys.ts";

describe("parameters of a running local network", () => {
  it("are read from what it left on disk, and nothing on chain differs from them", async () => {
    const root = path.resolve(import.meta.dirname, "../..");
    const folder = mkdtempSync(path.join(os.tmpdir(), "metalayer-parameters-"));
    const given = { root, folder, rollups: rollupPresets(2), endpointsPerNode: 0, detached: false };
    const devnet = await startDevnet(given, [protocolStep(4, { votingPeriod: 240 })]);
    const { state } = devnet;
    const targets = await Promise.all(
      state.rollups.map(({ name, chainId, nodeUrl }) => openUrl({ name, chainId: BigInt(chainId), url: nodeUrl })),
    );
    try {
      const [home] = targets;
      if (home === undefined) throw new Error("two rollups were asked for");
      const artifacts = loadArtifacts(root);
      const parameters = await runningParameters({ folder, state, home, artifacts }, (file) =>
        loadSecretKey(file, undefined),
      );
      expect(parameters.guardians.bootstrap).to.have.lengthOf(4);
      const report = await checkNetwork(parameters, artifacts, targets);
      expect(report.rollups.flatMap(({ differences }) => differences)).to.deep.equal([]);
      expect(isClean(report)).to.equal(true);
    } finally {
      await Promise.all(targets.map((target) => target.close()));
      await devnet.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }).timeout(90_000);
});
