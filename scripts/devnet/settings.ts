import type { DevnetState } from "./state.ts";

/** The part of the settings that guardians and relayers share, as their own files have it. */
export function daemonNetwork({ networkId, rollups }: DevnetState) {
  return {
    networkId,
    rollups: rollups.map(
      ({ name, chainId, rpc, agree, webSocketUrl, blockTimeMs, finality, fromBlock, contracts }) => ({
        name,
        chainId,
        rpc,
        agree,
        webSocket: webSocketUrl,
        blockTimeMs,
        finality,
        fromBlock,
        contracts: {
          gateway: contracts["MetalayerGateway"],
          guardianSet: contracts["GuardianSet"],
          inbox: contracts["StateRootInbox"],
          anchorLog: contracts["AnchorLog"],
          guardianSlashing: contracts["GuardianSlashing"],
          broadcaster: contracts["Broadcaster"],
          subscriptions: contracts["Subscriptions"],
          automations: contracts["Automations"],
          stateRequests: contracts["StateRequests"],
        },
      }),
    ),
  };
}
