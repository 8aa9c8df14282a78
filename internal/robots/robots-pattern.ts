// One path pattern of robots.txt, and whether a path matches it: RFC 9309 sections 2.2.2 and 2.2.3. No regular expressions:
// patterns and URLs are both written by strangers.
import { normalPercent, percentOf } from "../url/percent.ts";

/** `pieces` are what stands between the `*`s. `octets` is the length of the pattern in its normal form. */
export type RobotsPattern = {
  pieces: string[];
  isAnchored: boolean;
  octets: number;
  leastOctets: number;
};

/** What has no place in a URL, or is a sign in patterns and so literal only when encoded. */
const encoded = /[^!-~]|["'<>\\^`{|}*$]/g;

/** Compiles a pattern given as octets (a latin1 string); null for an empty one, which matches nothing. */
export function robotsPattern(octets: string): RobotsPattern | null {
  if (octets === "") return null;
  const isAnchored = octets.endsWith("$");
  const parts = (isAnchored ? octets.slice(0, -1) : octets).split("*").map(normalOctets);
  const pieces = parts.filter(
    (part, index) => part !== "" || index === 0 || index === parts.length - 1,
  );
  const leastOctets = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return {
    pieces,
    isAnchored,
    leastOctets,
    octets: leastOctets + parts.length - 1 + Number(isAnchored),
  };
}

/** The form of a path and query that patterns are compared with. */
export function robotsPath(pathAndQuery: string): string {
  return normalOctets(Buffer.from(pathAndQuery, "utf8").toString("latin1"));
}

/** Whether a pattern matches a {@link robotsPath} from its first octet on. */
export function matchesPath(
  { pieces, isAnchored, leastOctets }: RobotsPattern,
  path: string,
): boolean {
  const first = pieces[0] as string;
  if (path.length < leastOctets || !path.startsWith(first)) return false;
  if (pieces.length === 1) return !isAnchored || path.length === first.length;
  let at = first.length;
  // The leftmost place of each piece leaves the most for those after it, so no choice is ever taken back.
  for (let index = 1; index < pieces.length - 1; index += 1) {
    const piece = pieces[index] as string;
    const found = path.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  const last = pieces[pieces.length - 1] as string;
  if (isAnchored) return path.length - last.length >= at && path.endsWith(last);
  return path.indexOf(last, at) >= 0;
}

function normalOctets(text: string): string {
  return normalPercent(text.replace(encoded, (octet) => percentOf(octet.charCodeAt(0))));
}
