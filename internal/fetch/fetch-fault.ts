// Why a request has no usable answer.

export type FaultKind =
  | "timeout"
  | "connect"
  | "dns"
  | "tls"
  | "broken"
  | "decode"
  /** It must not or cannot be sent: the address is not one that a link may lead to. It would be so again. */
  | "refused";

/** Nothing usable came back; another try may do better, unless it was refused. `kind` is for reports and back-off. */
export class FetchFault extends Error {
  override name = "FetchFault";
  readonly kind: FaultKind;
  constructor(kind: FaultKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** The proxy could not be used; nothing of the request has gone anywhere. */
export class ProxyFault extends FetchFault {}
