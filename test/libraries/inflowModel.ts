/** Plain reference of fees.md §4 in bigint, written from the text: bucket and exposure in gwei, settings in whole ERA. */
const GWEI = 10n ** 9n;
const WHOLE = 10n ** 18n;
const MOST = 2n ** 32n - 1n;
const DAY = 86_400n;
const MONTH = 30n * DAY;

export type Operation =
  | { readonly kind: "configure"; readonly capacity: bigint; readonly share: bigint; readonly time: bigint }
  | { readonly kind: "accept"; readonly amount: bigint; readonly exposed: boolean; readonly time: bigint }
  | { readonly kind: "release"; readonly amount: bigint; readonly time: bigint };

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const positive = (a: bigint): bigint => (a > 0n ? a : 0n);

export class InflowModel {
  configured = false;
  capacity = 0n;
  share = 0n;
  level = 0n;
  exposure = 0n;
  updatedAt = 0n;

  levelAt(time: bigint): bigint {
    const full = this.capacity * (WHOLE / GWEI);
    return least(full, this.level + (full * positive(time - this.updatedAt)) / DAY);
  }

  exposureAt(time: bigint): bigint {
    const full = this.share * (WHOLE / GWEI);
    return positive(this.exposure - (full * positive(time - this.updatedAt)) / MONTH);
  }

  availableAt(time: bigint, exposed: boolean): bigint {
    const level = this.levelAt(time);
    if (!exposed) return level;
    return least(level, positive(this.share * (WHOLE / GWEI) - this.exposureAt(time)));
  }

  /** Whether the operation was allowed. */
  apply(operation: Operation): boolean {
    const { time } = operation;
    if (operation.kind === "configure") {
      const level = this.levelAt(time);
      this.exposure = this.exposureAt(time);
      this.capacity = least(operation.capacity / WHOLE, MOST);
      const full = this.capacity * (WHOLE / GWEI);
      this.level = this.configured ? least(level, full) : full;
      this.share = least(operation.share / WHOLE, MOST);
      this.configured = true;
    } else if (operation.kind === "accept") {
      if (operation.amount === 0n) return true;
      const units = (operation.amount + GWEI - 1n) / GWEI;
      if (units > this.availableAt(time, operation.exposed)) return false;
      const [level, exposure] = [this.levelAt(time), this.exposureAt(time)];
      this.level = level - units;
      this.exposure = operation.exposed ? exposure + units : exposure;
    } else {
      // Nothing to lower: the word is not even written.
      if (this.exposure === 0n) return true;
      const [level, exposure] = [this.levelAt(time), this.exposureAt(time)];
      this.level = level;
      this.exposure = positive(exposure - operation.amount / GWEI);
    }
    if (time > this.updatedAt) this.updatedAt = time;
    return true;
  }
}
