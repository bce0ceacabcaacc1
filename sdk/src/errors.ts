/**
 * Every error that the sdk throws on purpose. `code` is stable and meant for programs, `message` for people,
 * `info` carries the offending values.
 */
export class MetalayerError extends Error {
  override readonly name = "MetalayerError";

  constructor(
    readonly code: string,
    message: string,
    readonly info: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
