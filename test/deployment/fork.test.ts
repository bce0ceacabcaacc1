import { expect } from "chai";
import { Interface, JsonRpcProvider, NonceManager, Signature, Wallet } from "ethers";
import { createNetwork } from "../../sdk/src/testkit/index.ts";
import type { Anvil } from "../../scripts/devnet/anvil.ts";
import { devKey, startNodes } from "../helpers/anvilNetwork.ts";
import { receiptOf } from "../helpers/receipts.ts";

const [SOURCE, OWN, FORKED] = [9_201n, 9_202n, 9_999n];
const PERMIT = {
  Permit: ["owner address", "spender address", "value uint256", "nonce uint256", "deadline uint256"].map((field) => {
    const [name = "", type = ""] = field.split(" ");
    return { name, type };
  }),
};

describe("a rollup that forks and gets another chain id", function () {
  this.timeout(240_000);
  let nodes: Anvil[];

  before(async () => {
    nodes = await startNodes([SOURCE, OWN]);
  });

  after(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
  });

  it("EXPLOITS 19 C12 I16 takes no delivery and no permit that was meant for the original, and speaks as itself", async () => {
    const options = { staticNetwork: true, pollingInterval: 50, cacheTimeout: -1 };
    const providers = nodes.map(({ url }) => new JsonRpcProvider(url, undefined, options));
    const owner = new Wallet(devKey(0).key);
    const signers = providers.map((provider) => new NonceManager(owner.connect(provider)));
    try {
      const metalayer = await createNetwork({ rollups: signers });
      const [a, b] = [metalayer.rollup(SOURCE), metalayer.rollup(OWN)];
      const fork = nodes[1];
      if (fork === undefined) throw new Error("two nodes were started");
      const recipient = await b.interop(owner.address);
      const transfer = a.era.getFunction("crosschainTransfer");
      await a.provider.waitForTransaction((await transfer.send(recipient, 10n ** 18n)).hash);
      const snapshot = await fork.rpc("evm_snapshot");
      const { receipts } = await metalayer.deliverAll();
      const delivery = await b.provider.getTransaction(receipts[0]?.hash ?? "");
      if (delivery === null) throw new Error("nothing was delivered");
      const call = { to: delivery.to, data: delivery.data, from: owner.address };
      const permitted = await permit(owner, await b.era.getAddress());
      expect(await b.era.balanceOf(owner.address)).to.equal(10n ** 18n);
      await fork.rpc("evm_revert", snapshot);
      expect(await fork.rpc("eth_call", permitted, "latest")).to.equal("0x");
      expect(await fork.rpc("eth_call", call, "latest")).to.equal("0x");

      await fork.rpc("anvil_setChainId", Number(FORKED));
      await fork.rpc("evm_mine");
      expect(BigInt(String(await fork.rpc("eth_chainId")))).to.equal(FORKED);
      const refusal = async (request: object): Promise<string> =>
        fork.rpc("eth_call", request, "latest").then(
          () => "taken",
          (error: unknown) => JSON.stringify(error) + String(error),
        );
      expect(await refusal(call)).to.contain(b.gateway.interface.getError("GatewayRootMismatch")?.selector);
      expect(await refusal(permitted)).to.contain("4b800e46"); // ERC2612InvalidSigner(address,address)
      const sent = b.gateway.interface.encodeFunctionData("sendMessage", [await a.interop(owner.address), "0x", []]);
      const signed = await owner.signTransaction({
        chainId: FORKED,
        nonce: Number(await fork.rpc("eth_getTransactionCount", owner.address, "latest")),
        to: call.to,
        data: sent,
        gasLimit: 1_000_000n,
        gasPrice: 10n ** 10n,
        type: 0,
      });
      const hash = await fork.rpc("eth_sendRawTransaction", signed);
      const { logs } = await receiptOf(fork, hash);
      const [event] = logs.flatMap((log) => b.gateway.interface.parseLog(log) ?? []);
      // The fork speaks as itself: nobody takes what it says for the original's word.
      expect(event?.args["sender"]).to.contain(`02${FORKED.toString(16)}14`);
    } finally {
      for (const provider of providers) provider.destroy();
    }
  });
});

/** A call that uses a permit for the rollup's own chain id. */
async function permit(owner: Wallet, era: string): Promise<object> {
  const domain = { name: "Metalayer ERA", version: "1", chainId: OWN, verifyingContract: era };
  const deadline = 2n ** 40n;
  const message = { owner: owner.address, spender: era, value: 5n, nonce: 0n, deadline };
  const { v, r, s } = Signature.from(await owner.signTypedData(domain, PERMIT, message));
  const abi = new Interface(["function permit(address,address,uint256,uint256,uint8,bytes32,bytes32)"]);
  const data = abi.encodeFunctionData("permit", [owner.address, era, 5n, deadline, v, r, s]);
  return { from: owner.address, to: era, data };
}
