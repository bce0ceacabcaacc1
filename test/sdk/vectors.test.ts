import { expect } from "chai";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Message } from "../../sdk/src/message.ts";
import type { Lane } from "../../sdk/src/route.ts";
import { vectors } from "../../scripts/checks/vectors.ts";
import * as reference from "./reference.ts";

const root = path.resolve(import.meta.dirname, "../..");

describe("vectors", () => {
  it("are what the sdk computes", async () => {
    expect((await vectors.run(root, { write: false })).problems).to.deep.equal([]);
  });

  it("hold the hashes and heads of the plain reference", () => {
    for (const lane of messages().lanes) {
      let head = reference.laneId(lane);
      expect(lane.laneId).to.equal(head);
      expect(lane.route).to.equal(reference.route(lane).toString());
      for (const message of lane.messages) {
        head = reference.nextHead(head, message.messageHash);
        expect(message.header).to.equal(reference.header(message).toString());
        expect(message.messageHash).to.equal(reference.messageHash(lane, message));
        expect(message.headAfter).to.equal(head);
      }
    }
  });
});

type MessageVector = Message & { header: string; messageHash: string; headAfter: string };
type LaneVector = Lane & { route: string; laneId: string; messages: MessageVector[] };

function messages(): { lanes: LaneVector[] } {
  const text = readFileSync(path.join(root, "test/vectors/messages.json"), "utf8");
  // CAST: the check above holds the file's shape; whole numbers are decimal strings, which ethers reads as well.
  return JSON.parse(text) as { lanes: LaneVector[] };
}
