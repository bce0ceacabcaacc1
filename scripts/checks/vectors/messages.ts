import { hashText, type Hex } from "../../../sdk/src/bytes.ts";
import { HEAD_FACT_TYPEHASH, LANE_FACT_TYPEHASH, LANE_TYPEHASH, MESSAGE_TYPEHASH } from "../../../sdk/src/network.ts";
import { NETWORK_TYPEHASH, networkId } from "../../../sdk/src/network.ts";
import { messageHash, nextHead, packHeader } from "../../../sdk/src/message.ts";
import { laneId, packRoute } from "../../../sdk/src/route.ts";
import { Random } from "./random.ts";
import { sampleLane, sampleMessage } from "./samples.ts";

/** Type hashes, network ids, lanes, and the messages of each lane in order with the head after each. */
export function messageVectors(): unknown {
  const random = new Random("messages");
  const network = {
    homeChainId: 8101n,
    homeGenesisHash: random.hash(),
    homeRegistry: random.address(),
    salt: hashText("metalayer"),
  };
  return {
    typehashes: {
      network: NETWORK_TYPEHASH,
      lane: LANE_TYPEHASH,
      message: MESSAGE_TYPEHASH,
      laneFact: LANE_FACT_TYPEHASH,
      headFact: HEAD_FACT_TYPEHASH,
    },
    networks: [{ ...network, networkId: networkId(network) }],
    lanes: Array.from({ length: 8 }, () => laneVector(random)),
  };
}

function laneVector(random: Random): unknown {
  const lane = sampleLane(random);
  let head: Hex = laneId(lane);
  const messages = Array.from({ length: 8 }, (_, index) => {
    const message = sampleMessage(random, BigInt(index));
    const hash = messageHash(lane.networkId, lane, message);
    head = nextHead(head, hash);
    return { ...message, header: packHeader(message), messageHash: hash, headAfter: head };
  });
  return { ...lane, route: packRoute(lane), laneId: laneId(lane), messages };
}
