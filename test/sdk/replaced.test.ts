import { expect } from "chai";
import { isError, JsonRpcProvider, type HDNodeWallet } from "ethers";
import type { AppSite } from "../../sdk/src/appSites.ts";
import { toHex, uintBytes } from "../../sdk/src/bytes.ts";
import { MetalayerClient } from "../../sdk/src/client.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import type { TestRollup } from "../../sdk/src/testkit/index.ts";
import type { Anvil } from "../../scripts/devnet/anvil.ts";
import { OmniCounter__factory } from "../../typechain-types/index.js";
import { devWallet } from "../chain/rollup.ts";
import { startLocalNetwork, type LocalNetwork } from "../cli/localNetwork.ts";
import { replaced } from "../helpers/replaced.ts";

const [A, B] = [8101n, 8102n];

describe("a transaction that the user's wallet replaces before it is mined", () => {
  let network: LocalNetwork;
  let node: Anvil;
  let provider: JsonRpcProvider;
  let wallet: HDNodeWallet;
  let client: MetalayerClient;

  before(async () => {
    network = await startLocalNetwork(2);
    node = network.nodes[0] as Anvil; // CAST: two were asked for
    provider = new JsonRpcProvider(node.url, undefined, { staticNetwork: true, pollingInterval: 20, cacheTimeout: -1 });
    wallet = devWallet(3).connect(provider);
    const access = async ({ gateway, omniDeployer }: TestRollup) => ({
      gateway: await gateway.getAddress(),
      omniDeployer: await omniDeployer.getAddress(),
    });
    const [onA, onB] = [network.metalayer.rollup(A), network.metalayer.rollup(B)];
    client = await MetalayerClient.connect([
      { runner: wallet, ...(await access(onA)) },
      { runner: onB.provider, ...(await access(onB)) },
    ]);
  });

  after(async () => {
    provider.destroy();
    await network.close();
  });

  const send = () => client.send({ from: A, to: B, recipient: wallet.address, payload: "0x12" });
  let deployments = 0;
  const deploy = () =>
    client.deployApp({
      from: A,
      abi: OmniCounter__factory.abi,
      bytecode: OmniCounter__factory.bytecode,
      salt: toHex(uintBytes("salt", BigInt(deployments++), 32)),
      on: [A, B].map((on) => ({ on, args: ({ deployer }: AppSite) => [deployer] })),
    });
  const reasonOf = ({ outcome }: { readonly outcome: PromiseSettledResult<unknown> }): unknown => {
    if (outcome.status === "fulfilled") throw new Error("expected an error, but it went well");
    return outcome.reason;
  };

  for (const [what, start] of [
    ["send", send],
    ["deployApp", deploy],
  ] as const) {
    it(`${what}: at a higher fee it is the message that was sent`, async () => {
      const { outcome, second } = await replaced<{ readonly transactionHash: string }>(node, wallet, start);
      if (outcome.status === "rejected") throw outcome.reason;
      expect(outcome.value.transactionHash).to.equal(second);
      expect((await client.messages(A, B)).at(-1)?.transactionHash).to.equal(second);
    });

    it(`${what}: by another transaction nothing was sent, and the error names both`, async () => {
      const before = await client.messages(A, B);
      const result = await replaced<unknown>(node, wallet, start, () => ({ to: wallet.address, data: "0x" }));
      const error = reasonOf(result);
      if (!(error instanceof MetalayerError)) throw error;
      const { hash, replacement } = error.info;
      expect([error.code, hash, replacement]).to.deep.equal(["CLIENT_NOT_MINED", result.first, result.second]);
      expect(await client.messages(A, B)).to.deep.equal(before);
    });
  }

  it("send: at a higher fee, but with too little gas, it is a revert", async () => {
    const result = await replaced(node, wallet, send, ({ gas }) => ({ gasLimit: (BigInt(gas) * 9n) / 10n }));
    const error = reasonOf(result);
    expect(isError(error, "CALL_EXCEPTION") && error.receipt?.hash).to.equal(result.second);
  });
});
