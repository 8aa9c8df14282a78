// The package has no types of its own.
declare module "html-encoding-sniffer" {
  export type SniffOptions = {
    xml?: boolean;
    transportLayerEncodingLabel?: string | undefined;
    defaultEncoding?: string;
    maxPrescanBytes?: number;
  };
  /** The WHATWG name of the encoding of `body`. */
  export default function sniffEncoding(body: Uint8Array, options?: SniffOptions): string;
}
