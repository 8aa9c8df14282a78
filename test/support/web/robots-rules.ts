// robots.txt files whose meaning is known beforehand: each stands beside paths that it allows and paths that it forbids, so
// that no matcher is needed to say what a crawler may ask for. `N` in a path becomes a number.

/** `lines` of a robots.txt for a crawler named onpoint (RFC 9309 section 2.2), and what they mean. */
export type RuleSet = { lines: string[]; allowed: string[]; forbidden: string[] };

export const ruleSets: readonly RuleSet[] = [
  {
    lines: ["User-agent: *", "Disallow: /private/", "Allow: /private/open/", "Disallow: /*.pdf$"],
    allowed: ["/private/open/N", "/privateer/N", "/a/N.pdf?download", "/PRIVATE/N"],
    forbidden: ["/private/N", "/private/opening/N", "/docs/N.pdf"],
  },
  {
    // Groups that name us are merged, whatever stands between them; `*` is then not for us.
    lines: [
      "User-agent: onpoint",
      "Disallow: /team/",
      "",
      "User-agent: *",
      "Disallow: /",
      "",
      "User-agent: otherbot",
      "User-agent: ONPOINT/9.9 (old)",
      "Disallow: /staff",
    ],
    allowed: ["/people/N", "/steam/team/N"],
    forbidden: ["/team/N", "/staff-N", "/staff/N"],
  },
  {
    // The query takes part; a `$` inside is a letter; the longest rule wins, and allow wins a tie.
    lines: [
      "User-agent: *",
      "Disallow: /search?",
      "Disallow: /shop",
      "Allow: /shopping/",
      "Disallow: /*/print",
      "Disallow: /tie/",
      "Allow: /tie/",
    ],
    allowed: ["/search/N", "/shopping/N", "/printer/N", "/tie/N"],
    forbidden: ["/search?q=N", "/shop/x/N", "/page-N/print", "/a/b/print/N"],
  },
  {
    // Octets beyond ASCII match however they are written; `%2F` is not `/`.
    lines: [
      "user-agent:*",
      "disallow:/caf%c3%a9/",
      "Disallow: /über/",
      "Disallow: /x%2Fy/ # a slash",
    ],
    allowed: ["/cafe/N", "/x/y/N"],
    forbidden: ["/caf%C3%A9/N", "/%C3%BCber/N", "/x%2Fy/N"],
  },
  {
    // Lines that mean nothing spoil no others; rules before the first group bind nobody.
    lines: [
      "Disallow: /early/",
      "<html>not a rule</html>",
      "User-agent: *",
      "Noindex: /n/",
      "Disallow:",
      "Disallow: /bin/",
      "Crawl-delay: soon",
      "Disallow: /tmp/",
    ],
    allowed: ["/early/N", "/n/N", "/binary/N"],
    forbidden: ["/bin/N", "/tmp/N"],
  },
];

/** A rule set that forbids everything. */
export const closed: RuleSet = {
  lines: ["User-agent: *", "Disallow: /"],
  allowed: [],
  forbidden: ["/N"],
};

/** Nothing is forbidden. */
export const open: RuleSet = {
  lines: ["User-agent: *", "Disallow:"],
  allowed: ["/open/N"],
  forbidden: [],
};
