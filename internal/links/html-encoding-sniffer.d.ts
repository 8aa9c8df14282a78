// The package has no types of its own.
declare module "html-encoding-sniffer" {
  type SniffOptions = {
    xml?: boolean;
    transportLayerEncodingLabel?: string | undefined;
    defaultEncoding?: string;
    maxPrescanBytes?: number;
  };
  /** The WHATWG name of the encoding of `body`. */
  function sniffEncoding(body: Uint8Array, options?: SniffOptions): string;

  export = sniffEncoding;
}
