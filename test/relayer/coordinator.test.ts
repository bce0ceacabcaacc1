import http from "node:http";
import { expect } from "chai";
import type { Hex } from "../../sdk/src/bytes.ts";
import { delay } from "../../scripts/chain/tasks.ts";
import { createCoordinator } from "../../scripts/network/coordinator.ts";
import type { Coordinator } from "../../scripts/network/coordinator.ts";
import type { GuardianClient } from "../../scripts/network/guardian-client.ts";
import { createGuardianClient } from "../../scripts/network/guardian-client.ts";
import { laneFact, serialFor, tableOf } from "../guardian/asking.ts";
import type { AnvilNetwork, AnvilRollup } from "../helpers/daemonNetwork.ts";
import { sendMessages, startAnvilNetwork } from "../helpers/daemonNetwork.ts";
import type { Fleet } from "../helpers/guardianFleet.ts";
import { createFleet } from "../helpers/guardianFleet.ts";

type Changed = { readonly status: number; readonly body: string } | "never";
type Change = (path: string, status: number, body: string) => Changed | Promise<Changed>;

describe("coordinator with guardians that misbehave", function () {
  this.timeout(300_000);
  let network: AnvilNetwork;
  let fleet: Fleet;
  let client: GuardianClient;
  let [a, b] = [] as unknown as [AnvilRollup, AnvilRollup]; // CAST: set before any test runs
  const servers: http.Server[] = [];

  before(async () => {
    network = await startAnvilNetwork({ rollups: 2, guardians: 5, blockTimeMs: 50 });
    [a, b] = network.rollups as [AnvilRollup, AnvilRollup]; // CAST: two were asked for
    fleet = await createFleet(network, { requestsPerSecond: 10_000, burst: 10_000 });
    for (const { index } of fleet.seats) await fleet.start(index);
    client = createGuardianClient(4_000);
    await sendMessages(a, b, ["0x01", "0x02"]);
    await a.mine(4);
  });

  after(async () => {
    for (const server of servers) server.close();
    await client.close();
    await fleet.close();
    await network.close();
  });

  /** A coordinator that reaches the first guardians only through something that changes their answers. */
  async function coordinatorWith(changes: readonly Change[]): Promise<Coordinator> {
    const urls = new Map<Hex, string>();
    for (const [index, { key }] of tableOf(network).guardians.entries()) {
      const url = fleet.seats[index]?.url ?? "";
      const change = changes[index];
      urls.set(key, change === undefined ? url : await distort(url, change));
    }
    return createCoordinator({
      networkId: network.networkId,
      name: "test",
      client,
      urls,
      hedgeMs: 100,
      roundMs: 4_000,
    });
  }

  async function distort(upstream: string, change: Change): Promise<string> {
    const server = http.createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const headers = { "content-type": "application/json" };
        void fetch(new URL(request.url ?? "/", upstream), { method: "POST", headers, body: Buffer.concat(parts) })
          .then(async (answer) => change(request.url ?? "", answer.status, await answer.text()))
          .then((answer) => {
            if (answer !== "never") response.writeHead(answer.status, headers).end(answer.body);
          });
      });
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  }

  const misdeeds: Readonly<Record<string, Change>> = {
    "a wrong partial signature": (path, status, body) =>
      path === "/v1/sign" ? { status, body: JSON.stringify({ partial: `0x${"01".repeat(32)}` }) } : { status, body },
    "a partial signature out of range": (path, status, body) =>
      path === "/v1/sign" ? { status, body: JSON.stringify({ partial: `0x${"ff".repeat(32)}` }) } : { status, body },
    "no partial signature": (path, status, body) => (path === "/v1/sign" ? "never" : { status, body }),
    "no answer at all": () => "never",
    "something that is no JSON": (_, status) => ({ status, body: "<html>" }),
    "an answer of a megabyte": (_, status) => ({ status, body: `"${"x".repeat(1_500_000)}"` }),
    "another guardian's key": (path, status, body) =>
      path === "/v1/commit" ? { status, body: body.replace(/"key":"0x0[23]/, (key) => (key.endsWith("2") ? `${key.slice(0, -1)}3` : `${key.slice(0, -1)}2`)) } : { status, body }, // prettier-ignore
    "a refusal without reason": () => ({ status: 500, body: "{}" }),
    "the same nonces as before": reuseNonces(),
    "a nonce that is no point": (path, status, body) =>
      path === "/v1/commit"
        ? { status, body: body.replace(/"R":"0x[0-9a-f]+"/, `"R":"0x02${"ff".repeat(32)}"`) }
        : { status, body },
    "one nonce twice": (path, status, body) =>
      path === "/v1/commit"
        ? { status, body: body.replace(/"R":"(0x[0-9a-f]+)","S":"0x[0-9a-f]+"/, '"R":"$1","S":"$1"') }
        : { status, body },
  };

  for (const [what, change] of Object.entries(misdeeds)) {
    it(`gets a signature from the other four when one gives ${what}, and leaves that one out next time`, async () => {
      const coordinator = await coordinatorWith([change]);
      const fact = await laneFact(network, a, b);
      for (let i = 0; i < 3; i++) {
        const attested = await coordinator.attest([fact], [tableOf(network)]);
        expect(await serialFor(network, b, attested)).to.equal(1n);
      }
      const [liar] = tableOf(network).guardians;
      const last = await coordinator.attest([fact], [tableOf(network)]);
      expect(last.signers).not.to.include(liar?.key);
    });
  }

  for (const what of ["a nonce that is no point", "one nonce twice"]) {
    it(`gets a signature without one that gives ${what} before any other answers`, async () => {
      const slow: Change = (_, status, body) => delay(150).then(() => ({ status, body }));
      const bad = misdeeds[what];
      const coordinator = await coordinatorWith(bad === undefined ? [] : [bad, slow, slow, slow, slow]);
      const attested = await coordinator.attest([await laneFact(network, a, b)], [tableOf(network)]);
      expect(await serialFor(network, b, attested)).to.equal(1n);
      expect(attested.signers).not.to.include(tableOf(network).guardians[0]?.key);
    });
  }

  it("fails with a reason when two of five misbehave, and works again when one has come to reason", async () => {
    let isBad = true;
    const wrong: Change = (_, status, body) => (isBad ? { status: 500, body: "{}" } : { status, body });
    const coordinator = await coordinatorWith([wrong, () => "never"]);
    const fact = await laneFact(network, a, b);
    await coordinator.attest([fact], [tableOf(network)]).then(
      () => expect.fail("three of five are no quorum"),
      (error: unknown) => expect(error).to.have.property("code", "ATTESTATION_FAILED"),
    );
    isBad = false;
    const attested = await coordinator.attest([fact], [tableOf(network)]);
    expect(await serialFor(network, b, attested)).to.equal(1n);
  });

  it("asks only guardians that are in every table, and says when they are too few", async () => {
    const coordinator = await coordinatorWith([]);
    const table = tableOf(network);
    const smaller = { ...table, guardians: table.guardians.slice(0, 3), totalWeight: 3_000n };
    const fact = await laneFact(network, a, b);
    await coordinator.attest([fact], [table, smaller]).then(
      () => expect.fail("three of five are no quorum"),
      (error: unknown) => expect(error).to.have.property("code", "ATTESTATION_FAILED"),
    );
    const alone = await coordinator.attest([fact], [smaller]);
    expect([...alone.signers].sort()).to.deep.equal(smaller.guardians.map(({ key }) => key).sort());
  });
});

/** Answers the second commit as the first, so that its session is an old one. */
function reuseNonces(): Change {
  let first: string | undefined;
  return (path, status, body) => {
    if (path !== "/v1/commit" || status !== 200) return { status, body };
    first ??= body;
    return { status, body: first };
  };
}
