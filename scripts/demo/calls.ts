import { hexlify, toUtf8Bytes } from "ethers";
import type { Address } from "../../sdk/src/bytes.ts";
import { formatEvmAccount } from "../../sdk/src/interop.ts";
import type { Call } from "./account.ts";
import type { Site } from "./world.ts";

/** A message to a contract on another rollup. */
export function messageCall(src: Site, dst: Site, recipient: Address, text: string): Call {
  const { gateway } = src.connection.contracts;
  const account = formatEvmAccount({ chainId: dst.chainId, address: recipient });
  const data = gateway.interface.encodeFunctionData("sendMessage", [account, hexlify(toUtf8Bytes(text)), []]);
  return { to: src.connection.description.contracts.MetalayerGateway, data, gas: 200_000n };
}

/** A transfer of ERA to an account on another rollup. */
export function transferCall(src: Site, dst: Site, recipient: Address, wei: bigint): Call {
  const { era } = src.connection.contracts;
  const account = formatEvmAccount({ chainId: dst.chainId, address: recipient });
  const data = era.interface.encodeFunctionData("crosschainTransfer", [account, wei]);
  return { to: src.connection.description.contracts.Era, data, gas: 300_000n };
}
