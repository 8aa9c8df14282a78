// What a page asks of robots: `<meta name=robots>` and the X-Robots-Tag header, which have no standard but the documentation
// of the search engines that read them. Of several wishes for us the strictest counts.

/** `noindex`: do not keep the page. `nofollow`: do not follow its links. */
export type RobotsDirectives = { noindex: boolean; nofollow: boolean };

/** A `<meta>` that may be for robots. `name` in lower case: `robots`, or a robot's product token. */
export type RobotsMeta = { name: string; content: string };

// Words that stand before a colon and are no robot's name.
const valued = new Set([
  "unavailable_after",
  "max-snippet",
  "max-image-preview",
  "max-video-preview",
]);

/**
 * The directives for the robot with that product token. `headers`: values of X-Robots-Tag, one a line as received; a robot's
 * name in one is for all that follows in that line.
 */
export function robotsDirectives(
  metas: readonly RobotsMeta[],
  headers: readonly string[],
  productToken: string,
): RobotsDirectives {
  const token = productToken.toLowerCase();
  const found: RobotsDirectives = { noindex: false, nofollow: false };
  for (const { name, content } of metas) {
    if (name !== "robots" && name !== token) continue;
    for (const word of content.toLowerCase().split(/[\s,]+/)) take(found, word);
  }
  for (const line of headers) {
    for (const word of wordsFor(token, line.toLowerCase())) take(found, word);
  }
  return found;
}

// The directives of one line that are for us.
function wordsFor(token: string, line: string): string[] {
  let agent = token;
  return line.split(",").flatMap((part) => {
    const named = /^\s*([^\s:]+)\s*:(.*)$/s.exec(part);
    const name = named?.[1] ?? "";
    const isAgent = name !== "" && !valued.has(name);
    if (isAgent) agent = name;
    if (agent !== token && agent !== "*") return [];
    return (isAgent ? (named?.[2] ?? "") : part).trim().split(/\s+/);
  });
}

function take(found: RobotsDirectives, word: string): void {
  if (word === "noindex" || word === "none") found.noindex = true;
  if (word === "nofollow" || word === "none") found.nofollow = true;
}
