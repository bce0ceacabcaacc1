import { expect } from "chai";
import fc from "fast-check";
import { hashText } from "../../sdk/src/bytes.ts";
import {
  chainHeads,
  MAX_PAYLOAD_LENGTH,
  messageHash,
  nextHead,
  packHeader,
  unpackHeader,
} from "../../sdk/src/message.ts";
import { networkId } from "../../sdk/src/network.ts";
import { laneId, packRoute, unpackRoute } from "../../sdk/src/route.ts";
import { forAll, FUZZ_SEED } from "../helpers/fuzz.ts";
import { address, bytes, example, hash, lane, message, uint } from "./arbitraries.ts";
import { refusalCode } from "./refusal.ts";
import * as reference from "./reference.ts";

describe(`sdk messages (seed ${FUZZ_SEED})`, () => {
  const sampleLane = example(lane);
  const sampleMessage = example(message);

  describe("networkId", () => {
    it("is the typed hash of home chain, genesis, registry and salt", () => {
      forAll(fc.tuple(uint(256), hash, address, hash), ([homeChainId, homeGenesisHash, homeRegistry, salt]) => {
        expect(networkId({ homeChainId, homeGenesisHash, homeRegistry, salt })).to.equal(
          reference.networkId(homeChainId, homeGenesisHash, homeRegistry, salt),
        );
      });
    });
  });

  describe("route", () => {
    it("packs as the plain encoding does and unpacks to itself", () => {
      forAll(lane, (value) => {
        const packed = packRoute(value);
        expect(packed).to.equal(reference.route(value));
        const { srcChainId, dstChainId, srcIncarnation, dstIncarnation } = value;
        expect(unpackRoute(packed)).to.deep.equal({ srcChainId, dstChainId, srcIncarnation, dstIncarnation });
      });
    });

    it("refuses a zero, a chain with itself, values out of range and stray bits", () => {
      for (const field of ["srcChainId", "dstChainId", "srcIncarnation", "dstIncarnation"] as const) {
        expect(refusalCode(() => packRoute({ ...sampleLane, [field]: 0n }))).to.equal("ROUTE_INVALID");
        expect(refusalCode(() => packRoute({ ...sampleLane, [field]: -1n }))).to.equal("VALUE_OUT_OF_RANGE");
      }
      expect(refusalCode(() => packRoute({ ...sampleLane, dstChainId: sampleLane.srcChainId }))).to.equal(
        "ROUTE_INVALID",
      );
      expect(refusalCode(() => packRoute({ ...sampleLane, srcChainId: 1n << 63n }))).to.equal("VALUE_OUT_OF_RANGE");
      expect(refusalCode(() => packRoute({ ...sampleLane, dstIncarnation: 16_384n }))).to.equal("VALUE_OUT_OF_RANGE");
      expect(refusalCode(() => unpackRoute(packRoute(sampleLane) | 1n))).to.equal("ROUTE_INVALID");
    });

    it("gives the lane's id", () => {
      forAll(lane, (value) => expect(laneId(value)).to.equal(reference.laneId(value)));
    });
  });

  describe("header", () => {
    it("packs as the plain encoding does and unpacks to itself", () => {
      forAll(message, (value) => {
        const { kind, nonce, gasLimit, fee } = value;
        expect(packHeader(value)).to.equal(reference.header(value));
        expect(unpackHeader(packHeader(value))).to.deep.equal({ kind, nonce, gasLimit, fee });
      });
    });

    it("refuses fields out of range, an unknown kind and stray bits", () => {
      expect(refusalCode(() => packHeader({ ...sampleMessage, nonce: 1n << 64n }))).to.equal("VALUE_OUT_OF_RANGE");
      expect(refusalCode(() => packHeader({ ...sampleMessage, gasLimit: 1n << 32n }))).to.equal("VALUE_OUT_OF_RANGE");
      expect(refusalCode(() => packHeader({ ...sampleMessage, fee: 1n << 64n }))).to.equal("VALUE_OUT_OF_RANGE");
      expect(refusalCode(() => unpackHeader(2n << 248n))).to.equal("MESSAGE_UNKNOWN_KIND");
      expect(refusalCode(() => unpackHeader(1n << 87n))).to.equal("MESSAGE_HEADER_INVALID");
    });
  });

  describe("messageHash", () => {
    it("is the plain typed hash", () => {
      forAll(fc.tuple(lane, message), ([inLane, value]) => {
        expect(messageHash(inLane.networkId, inLane, value)).to.equal(reference.messageHash(inLane, value));
      });
    });

    it("changes with every field", () => {
      forAll(fc.tuple(message, hash, address, address, bytes(301)), ([value, id, sender, recipient, payload]) => {
        fc.pre(sender !== value.sender && recipient !== value.recipient && id !== sampleLane.networkId);
        const changed = [
          messageHash(sampleLane.networkId, sampleLane, value),
          messageHash(id, sampleLane, value),
          messageHash(
            sampleLane.networkId,
            { ...sampleLane, srcIncarnation: (sampleLane.srcIncarnation % 16_383n) + 1n },
            value,
          ),
          ...[
            { kind: value.kind === 0 ? (1 as const) : (0 as const) },
            { nonce: value.nonce ^ 1n },
            { gasLimit: value.gasLimit ^ 1n },
            { fee: value.fee ^ 1n },
            { sender },
            { recipient },
            { payload },
          ].map((change) => messageHash(sampleLane.networkId, sampleLane, { ...value, ...change })),
        ];
        expect(new Set(changed).size).to.equal(changed.length);
      });
    });

    it("takes the longest payload and refuses one byte more", () => {
      const payload = (length: number) => `0x${"ab".repeat(length)}` as const;
      const hashOf = (length: number) =>
        messageHash(sampleLane.networkId, sampleLane, { ...sampleMessage, payload: payload(length) });
      expect(hashOf(MAX_PAYLOAD_LENGTH)).to.have.length(66);
      expect(refusalCode(() => hashOf(MAX_PAYLOAD_LENGTH + 1))).to.equal("MESSAGE_PAYLOAD_TOO_LONG");
    });

    it("refuses text that is no hex and addresses of another length", () => {
      const hashWith = (change: object) => () =>
        messageHash(sampleLane.networkId, sampleLane, { ...sampleMessage, ...change });
      expect(refusalCode(hashWith({ payload: "0xa" }))).to.equal("HEX_INVALID");
      expect(refusalCode(hashWith({ payload: "0xzz" }))).to.equal("HEX_INVALID");
      expect(refusalCode(hashWith({ sender: "0x1234" }))).to.equal("HEX_LENGTH");
    });
  });

  describe("head", () => {
    it("chains message hashes in order", () => {
      forAll(fc.tuple(hash, fc.array(hash, { maxLength: 10 })), ([first, hashes]) => {
        expect(chainHeads(first, hashes)).to.equal(hashes.reduce<string>(reference.nextHead, first));
      });
    });

    it("refuses anything but 32 bytes", () => {
      expect(refusalCode(() => nextHead("0x12", hashText("x")))).to.equal("HEX_LENGTH");
      expect(refusalCode(() => nextHead(hashText("x"), "0x12"))).to.equal("HEX_LENGTH");
    });
  });
});
