import { Result } from "ethers";
import { MetalayerError } from "../errors.ts";

/** A decoded answer or event of a contract. A field is named, or counted from 0. */
export interface Fields {
  text(field: string | number): string;
  uint(field: string | number): bigint;
  flag(field: string | number): boolean;
  /** A struct. */
  struct(field: string | number): Fields;
  structs(field: string | number): readonly Fields[];
  texts(field: string | number): readonly string[];
}

/** Throws `DEPLOYMENT_BAD_ANSWER` for a field that is not there or of another type. */
export function fieldsOf(result: Result): Fields {
  const value = (field: string | number): unknown =>
    typeof field === "number" ? result.at(field) : result.getValue(field);
  const bad = (field: string | number, found: unknown): MetalayerError =>
    new MetalayerError("DEPLOYMENT_BAD_ANSWER", `unexpected field ${field} in a contract's answer`, { field, found });
  const resultAt = (field: string | number): Result => {
    const found = value(field);
    if (found instanceof Result) return found;
    throw bad(field, found);
  };
  return {
    text(field) {
      const found = value(field);
      if (typeof found === "string") return found;
      throw bad(field, found);
    },
    uint(field) {
      const found = value(field);
      if (typeof found === "bigint") return found;
      throw bad(field, found);
    },
    flag(field) {
      const found = value(field);
      if (typeof found === "boolean") return found;
      throw bad(field, found);
    },
    struct: (field) => fieldsOf(resultAt(field)),
    structs: (field) =>
      items(resultAt(field)).map((item) => fieldsOf(item instanceof Result ? item : Result.fromItems([item]))),
    texts: (field) => items(resultAt(field)).map(String),
  };
}

function items(result: Result): readonly unknown[] {
  return result.toArray();
}
