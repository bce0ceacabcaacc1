import { expect } from "chai";
import { id, ZeroAddress } from "ethers";
import { network } from "hardhat";
import type { AppRequest } from "../../sdk/src/appDeploy.ts";
import type { AppSite } from "../../sdk/src/appSites.ts";
import type { Hex } from "../../sdk/src/bytes.ts";
import { MetalayerClient } from "../../sdk/src/client.ts";
import { MetalayerError } from "../../sdk/src/errors.ts";
import { createNetwork } from "../../sdk/src/testkit/index.ts";
import { OmniAppMock__factory, OmniCounter__factory, OmniToken__factory } from "../../typechain-types/index.js";
import { codeThrownBy } from "../chain/rollup.ts";
import { codeOfSize } from "../helpers/omni.ts";

const [A, B, C] = [8101n, 8102n, 8103n];
const SALT = id("an application") as Hex; // CAST: a hash

/** Three rollups at different addresses, and the mock as it is deployed on them. */
async function open() {
  const names = ["rollupA", "rollupB", "rollupC"] as const;
  const connections = await Promise.all(names.map((name) => network.create(name)));
  const metalayer = await createNetwork({ rollups: connections });
  const { client } = metalayer;
  const argsOf = ({ account, chainId }: AppSite): readonly unknown[] => [account, chainId, ZeroAddress, "0x"];
  const request = (change: Partial<AppRequest> = {}): AppRequest => ({
    from: A,
    abi: OmniAppMock__factory.abi,
    bytecode: OmniAppMock__factory.bytecode,
    salt: SALT,
    on: [A, B, C].map((on) => ({ on, args: argsOf })),
    ...change,
  });
  const deploy = async (change: Partial<AppRequest> = {}) => {
    const sent = await client.deployApp(request(change));
    const first = sent.sites.find(({ chainId }) => chainId === sent.placements[0]?.chainId);
    return { sent, app: await client.app(first?.address ?? "", OmniAppMock__factory.abi) };
  };
  const statesOf = async (app: { state(): Promise<readonly { readonly state: string }[]> }) =>
    (await app.state()).map(({ state }) => state);
  return { connections, metalayer, client, request, deploy, statesOf, argsOf };
}

describe("an application on all rollups", () => {
  describe("deployApp", () => {
    it("deploys with one transaction, at the addresses that it has said before, and tells how far each rollup is", async () => {
      const { metalayer, client, request, deploy, statesOf } = await open();
      const plan = await client.planApp(request());
      const { sent, app } = await deploy();
      expect(sent.sites).to.deep.equal(plan.sites);
      expect([sent.messages.length, sent.data]).to.deep.equal([2, plan.data]);
      expect(await statesOf(app)).to.deep.equal(["deployed", "pending", "pending"]);
      await metalayer.deliverAll();
      expect((await app.state()).map(({ state, next }) => [state, next])).to.deep.equal([
        ["deployed", ""],
        ["deployed", ""],
        ["deployed", ""],
      ]);
      for (const site of plan.sites) {
        expect([await app.on(site.chainId).read("owner"), await app.on(site.chainId).read("value")]).to.deep.equal([
          site.account,
          site.chainId,
        ]);
      }
    });

    it("names the gas itself, wires OpenZeppelin's links, and finds an application that stands nowhere yet", async () => {
      const { metalayer, client, statesOf } = await open();
      const token = { abi: OmniToken__factory.abi, bytecode: OmniToken__factory.bytecode };
      const args = ({ account, links, chainId }: AppSite) => [account, chainId === B ? 5n : 0n, links];
      const { sites } = await client.deployApp({ from: A, ...token, on: [B, C].map((on) => ({ on, args })) });
      const app = await client.app(sites[1]?.address ?? "", token.abi);
      expect(await statesOf(app)).to.deep.equal(["absent", "pending", "pending"]);
      await metalayer.deliverAll();
      expect(await statesOf(app)).to.deep.equal(["absent", "deployed", "deployed"]);
      await app.on(B).call("transfer", [await metalayer.rollup(B).signer.getAddress(), 5n]);
      await metalayer.deliverAll();
      const to = await metalayer.rollup(C).interop(ZeroAddress.replace(/.$/, "1"));
      await (await app.on(B).contract.getFunction("crosschainTransfer").send(to, 2n)).wait();
      await metalayer.deliverAll();
      expect(await app.everywhere.read("totalSupply")).to.deep.include({ chainId: C, name: "8103", value: 2n });
    });

    it("says what is wrong before anything is sent", async () => {
      const { client, request, deploy, metalayer, argsOf } = await open();
      const refusal = async (change: Partial<AppRequest>) => codeThrownBy(client.planApp(request(change)));
      const onB = (args: readonly unknown[]) => ({ on: [{ on: B, args }] });
      expect(await refusal({ bytecode: "0x" })).to.equal("APP_BAD_CODE");
      expect(await refusal({ bytecode: "0x60__$placeholder$__" })).to.equal("APP_BAD_CODE");
      expect(await refusal(onB([]))).to.equal("APP_BAD_ARGS");
      expect(await refusal(onB([ZeroAddress, 1n, ZeroAddress, "0x"]))).to.equal("APP_REFUSED");
      expect(await refusal({ on: [{ on: A, args: [ZeroAddress, 1n, ZeroAddress, "0x"] }] })).to.equal("APP_REFUSED");
      expect(await refusal({ on: [{ on: 999n, args: argsOf }] })).to.equal("CLIENT_UNKNOWN_ROLLUP");
      expect(await refusal({ abi: [], bytecode: codeOfSize(32_600), on: [{ on: B }] })).to.equal("APP_TOO_LARGE");
      const bad = { on: B, args: argsOf, initialCall: { method: "set", args: [13n] } };
      expect(await refusal({ on: [bad] })).to.equal("APP_REFUSED");
      expect(await refusal({ on: [{ ...bad, initialCall: { method: "sett", args: [] } }] })).to.equal("APP_BAD_ARGS");
      expect(await metalayer.pending()).to.deep.equal([]);
      await deploy({ on: [{ on: A, args: argsOf }] });
      expect(await refusal({})).to.equal("APP_STANDS");
    });

    it("keeps a failed placement retryable and says why it failed", async () => {
      const { metalayer, deploy, argsOf } = await open();
      const { app } = await deploy({ on: [{ on: B, args: argsOf, gasLimit: 300_000n }] });
      const { failed } = await metalayer.deliver();
      const state = (await app.state()).find(({ chainId }) => chainId === B);
      expect([state?.state, state?.sendId]).to.deep.equal(["failed", failed[0]?.message.sendId]);
      expect(state?.reason).to.be.a("string").that.is.not.equal("");
      expect(state?.next).to.contain(state?.sendId);
      await metalayer.deliver({ gasBoost: 2_000_000n });
      expect(await app.on(B).read("value")).to.equal(B);
    });
  });

  describe("app", () => {
    it("calls all instances as their owner with one transaction, and one of them alone", async () => {
      const { metalayer, deploy } = await open();
      const { app } = await deploy();
      await metalayer.deliverAll();
      const { messages } = await app.everywhere.send("set", [7n]);
      expect(messages.length).to.equal(2);
      await metalayer.deliverAll();
      await app.on("8103").call("set", [8n]);
      await metalayer.deliverAll();
      const values = await app.everywhere.read("value");
      expect(values).to.deep.equal([
        { chainId: A, name: "8101", value: 7n },
        { chainId: B, name: "8102", value: 7n },
        { chainId: C, name: "8103", value: 8n },
      ]);
    });

    it("lets nobody but its owner deploy or call, and says what a call would be refused for", async () => {
      const { connections, client, request, deploy, metalayer } = await open();
      const stranger = (await connections[0]?.ethers.getSigners())?.[5];
      expect(await codeThrownBy(client.deployApp(request({ owner: stranger?.address ?? "" })))).to.equal(
        "APP_NOT_OWNER",
      );
      const { app, sent } = await deploy();
      const { gateway, omniDeployer } = metalayer.rollup(A);
      const [runner, at] = [stranger ?? metalayer.rollup(A).signer, await gateway.getAddress()];
      const other = await MetalayerClient.connect([
        { runner, gateway: at, omniDeployer: await omniDeployer.getAddress() },
      ]);
      const seen = await other.app(sent.sites[0]?.address ?? "", OmniAppMock__factory.abi);
      expect(seen.owner).to.deep.equal(app.owner);
      expect(await codeThrownBy(seen.on(A).call("set", [1n]))).to.equal("APP_NOT_OWNER");
      await metalayer.deliverAll();
      expect(await codeThrownBy(app.on(B).call("set", [13n]))).to.equal("APP_REFUSED");
      expect(await codeThrownBy(app.on(B).call("nothing"))).to.equal("APP_BAD_ARGS");
      expect(() => app.on("rollupX"))
        .to.throw(MetalayerError)
        .with.property("code", "CLIENT_UNKNOWN_ROLLUP");
    });

    it("knows nothing at an address that no OmniDeployer gave", async () => {
      const { client } = await open();
      expect(await codeThrownBy(client.app(ZeroAddress, OmniCounter__factory.abi))).to.equal("APP_UNKNOWN");
    });

    it("tells of instances that do not answer, without losing the others", async () => {
      const { deploy } = await open();
      const { app } = await deploy();
      const [here, there] = await app.everywhere.read("value");
      expect(here).to.deep.include({ value: A });
      expect(there).to.have.property("error").that.is.instanceOf(Error);
    });
  });
});
