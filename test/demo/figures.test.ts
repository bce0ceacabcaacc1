import { expect } from "chai";
import { percentile } from "../../scripts/demo/chapters/core/figures.ts";

describe("figures of the demo", () => {
  it("percentiles are values that were measured", () => {
    const values = Array.from({ length: 20 }, (_, index) => index + 1);
    expect(percentile(values, 0.5)).to.equal(10);
    expect(percentile(values, 0.95)).to.equal(19);
    expect(percentile(values, 1)).to.equal(20);
    expect(percentile([7], 0.5)).to.equal(7);
    expect(percentile([7], 0.95)).to.equal(7);
    expect(percentile([], 0.5), "nothing was measured").to.equal(0);
  });
});
