import { expect } from "chai";
import { id } from "ethers";
import { interop } from "../helpers/network.ts";
import {
  addressAt,
  CALL,
  deployed,
  deliverTo,
  omniMessage,
  omniNetwork,
  PLACE,
  SALT,
  setCall,
} from "../helpers/omni.ts";

describe("OmniDeployer, messages", () => {
  describe("receiveMessage", () => {
    it("takes nothing but from its gateway", async () => {
      const { a, b, ownerAddress } = await omniNetwork();
      const sender = interop(a.rollup, await a.deployer.accountOf(a.chainId, ownerAddress));
      const payload = omniMessage(PLACE, [ownerAddress, SALT, 1, "0x00", "0x"]);
      await expect(b.deployer.connect(b.rollup.user).receiveMessage(SALT, sender, payload))
        .to.be.revertedWithCustomError(b.deployer, "ERC7786RecipientUnauthorizedGateway")
        .withArgs(await b.rollup.user.getAddress(), sender);
    });

    it("C13 EXPLOITS 40 takes a message that names an owner from nobody but that owner's account", async () => {
      const omni = await deployed();
      const { a, b, c, apps, ownerAddress } = omni;
      const target = addressAt(omni, b);
      const forged = [
        omniMessage(CALL, [ownerAddress, target, 1, true, setCall(666n)]),
        omniMessage(PLACE, [ownerAddress, id("next"), 3, "0x600000", "0x"]),
      ];
      const to = interop(b.rollup, b.address);
      // The owner's own address, a stranger, a stranger's account, and a rollup on which everybody lies.
      const stranger = a.deployer.connect(a.rollup.relayer);
      for (const payload of forged) {
        await a.rollup.gateway.connect(omni.owner).sendMessage(to, payload, []);
        await a.rollup.gateway.connect(a.rollup.relayer).sendMessage(to, payload, []);
        const send = a.rollup.gateway.interface.encodeFunctionData("sendMessage", [to, payload, []]);
        await stranger.execute([{ chainId: a.chainId, target: a.rollup.gateway, data: send, gasLimit: 0n }], false);
        await c.rollup.gateway.connect(c.rollup.user).sendMessage(to, payload, []);
      }
      const fromA = await deliverTo(omni, a, b, { from: 1n });
      const fromC = await deliverTo(omni, c, b);
      expect([fromA.length, fromC.length]).to.deep.equal([6, 2]);
      for (const reason of [...fromA, ...fromC]) expect(reason).to.match(/^OmniUnauthorized\(/);
      expect(await apps[1]?.value()).to.equal(b.chainId);
    });

    it("refuses kinds that it does not know, and code that is none", async () => {
      const omni = await deployed();
      const { a, b, owner, ownerAddress } = omni;
      const to = interop(b.rollup, b.address);
      const send = (payload: string) =>
        a.deployer.connect(owner).execute(
          [
            {
              chainId: a.chainId,
              target: a.rollup.gateway,
              data: a.rollup.gateway.interface.encodeFunctionData("sendMessage", [to, payload, []]),
              gasLimit: 0n,
            },
          ],
          false,
        );
      await send("0x");
      await send("0x12345678");
      await send(omniMessage(PLACE, [ownerAddress, SALT, 0, "0x00", "0x"]));
      await send(omniMessage(PLACE, [ownerAddress, SALT, 2, "0x00", "0x"]));
      expect(await deliverTo(omni, a, b, { from: 1n })).to.deep.equal([
        "OmniUnknownMessage(0x00000000)",
        "OmniUnknownMessage(0x12345678)",
        "OmniNoCode()",
        "OmniNoCode()",
      ]);
    });
  });
});
