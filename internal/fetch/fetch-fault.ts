// Why a request has no usable answer.

/**
 * Nothing usable came back; another try may do better. `kind` is for reports and back-off.
 */
export class FetchFault extends Error {
  override name = "FetchFault";
  readonly kind: "timeout" | "connect" | "dns" | "tls" | "broken" | "decode";
  constructor(kind: FetchFault["kind"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
