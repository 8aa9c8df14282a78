// What the benchmarks' page server and those who crawl it agree on.

export const pageBytes = 8_500;
export const pageLinkCount = 50;

/** The address of a site: 127.0.0.1 is the first; 250 in a row. */
export function hostAddress(host: number): string {
  return `127.${Math.floor(host / 62_500)}.${Math.floor(host / 250) % 250}.${(host % 250) + 1}`;
}
