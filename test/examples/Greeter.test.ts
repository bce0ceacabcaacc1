import { expect } from "chai";
import { network } from "hardhat";
import { createNetwork } from "../../sdk/src/testkit/index.ts";

describe("Greeter, an example application", () => {
  it("greets across rollups", async () => {
    const [a, b] = [await network.create("rollupA"), await network.create("rollupB")];
    const metalayer = await createNetwork({ rollups: [a, b] });
    const [onA, onB] = [metalayer.rollup(8101n), metalayer.rollup(8102n)];
    const alice = await a.ethers.deployContract("Greeter");
    const bob = await b.ethers.deployContract("Greeter");
    await alice.link(onA.gateway, await onB.interop(bob));
    await bob.link(onB.gateway, await onA.interop(alice));

    await alice.greet(8102, "hello");
    await metalayer.deliverAll();

    expect(await bob.lastGreeting()).to.equal("hello");
  });
});
