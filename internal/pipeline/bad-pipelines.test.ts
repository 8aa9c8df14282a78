// Bad pipeline files and exactly what is said of them: one row a file, all problems of it. Those of `tables` are in
// bad-tables.test.ts.
import { expect, test } from "vitest";
import { UsageError } from "../std/errors.ts";
import { checkPipeline, parsePipeline } from "./parse-pipeline.ts";
import { problemText } from "./problems.ts";

const set: Record<string, string> = { RATE: "fast", HOST: "s3cret host", EMPTY: "" };
const input = (text: string) => ({
  file: "/p/p.yaml",
  text,
  variables: (name: string) => set[name],
});
const problemsOf = (text: string) =>
  checkPipeline(input(text)).problems.map((problem) =>
    problemText("p", problem).replace("\n  ", " | "),
  );

const api = 'name: a, kind: api, url: "https://a.example/", records: "$", table: t';
const source = (text: string) => `pipeline: p\nsources:\n  - { ${text} }\n`;
const withApi = (text: string) => source(`${api}, ${text}`);
const below = (text: string) => `${source(api)}${text}\n`;
const web = (text: string) =>
  source(`name: w, kind: web, pages: p, seeds: ["https://w.example/"], ${text}`);

const files: [title: string, text: string, problems: string[]][] = [
  [
    "how requests travel",
    web(
      'contact: us, proxy: ["socks5://p:1", "http://p/x"], cookies: on, tls: { cert: "s3://b/k" }, limits: { redirects: 99, total: soon }, network: { allowPrivate: [10.0.0.0/33, "a b", ::1/x] }',
    ),
    [
      'p:3:77: sources[0].contact: "us" is neither a URL nor an e-mail address | Write https://HOST/PATH or name@example.com',
      'p:3:89: sources[0].proxy[0]: "socks5://p:1" is not the URL of an HTTP proxy | Write http://HOST:PORT, with USER:PASSWORD@ before HOST if it asks for them',
      'p:3:105: sources[0].proxy[1]: "http://p/x" has a path | Write http://HOST:PORT, with USER:PASSWORD@ before HOST if it asks for them',
      'p:3:129: sources[0].cookies: expected off, run, is "on" | Write one of off, run',
      'p:3:146: sources[0].tls.cert: "s3://b/k" is not a local file | Write the path of a PEM file, such as ./client.pem, or its text',
      "p:3:181: sources[0].limits.redirects: expected at most 50, is 99 | Write a number up to 50",
      'p:3:192: sources[0].limits.total: "soon" is not a duration | Write a number and ms, s, m, h, d or w, such as 30s or 2h',
      'p:3:226: sources[0].network.allowPrivate[0]: "10.0.0.0/33" is not a range of addresses | Write a host such as db.internal, an address, or a range such as 10.0.0.0/8',
      'p:3:239: sources[0].network.allowPrivate[1]: "a b" is neither a host nor a range of addresses | Write a host such as db.internal, an address, or a range such as 10.0.0.0/8',
      'p:3:246: sources[0].network.allowPrivate[2]: "::1/x" is not a range of addresses | Write a host such as db.internal, an address, or a range such as 10.0.0.0/8',
    ],
  ],
  [
    "an empty file",
    "# nothing\n",
    [
      "p:1:1: the file is empty | Start with `pipeline: NAME`, `sources:` and one source; `onpoint schema` lists all keys",
    ],
  ],
  [
    "a list",
    "- a\n",
    [
      "p:1:1: the file is a list, expected a mapping (key: value) | Start with `pipeline: NAME`, then `sources:`",
    ],
  ],
  [
    "a syntax error, of which only the first is told",
    "pipeline: [a\nsources: b\n",
    [
      "p:2:1: YAML: flow sequence in block collection must be sufficiently indented and end with a ] | Check the indentation, quotes and brackets here and on the line above",
    ],
  ],
  [
    "a tab",
    "pipeline: p\nsources:\n\t- a\n",
    ["p:3:1: YAML: a tab is used to indent | Indent with spaces"],
  ],
  [
    "two documents",
    "pipeline: p\n---\npipeline: q\n",
    ["p:2:1: the file holds several YAML documents | Put each pipeline into a file of its own"],
  ],
  [
    "a duplicate key",
    `${source(api)}pipeline: q\n`,
    ['p:4:1: key "pipeline" is given twice, first on line 1 | Remove one of the two'],
  ],
  [
    "an alias without an anchor",
    below("lake: *x"),
    ['p:4:7: alias "*x" has no anchor above it | Write the value out here'],
  ],
  [
    "a signature over what no request has",
    withApi('auth: { sign: { key: k, text: "{methd}", header: x-sign } }'),
    [
      'p:3:108: sources[0].auth.sign.text: "***" has {methd}, which is no part of a request | Did you mean {method}?',
    ],
  ],
  [
    "a variable without quotes in braces",
    withApi(`auth: { bearer: \${T} }`),
    [
      `p:3:94: YAML: \${T} inside { } or [ ] is not quoted | Quote it: "\${T}"; without quotes { opens a mapping`,
    ],
  ],
  [
    "an unset variable, told once",
    below(`lake: \${LAKE}\nupload: { to: "\${LAKE}" }\nnotify: { webhook: "\${H:-}" }`),
    [
      `p:4:7: variable LAKE is not set (used on line 5 too) | export LAKE=... or write \${LAKE:-default} or put it into config/config.json`,
    ],
  ],
  [
    "a broken variable",
    below(`lake: "\${LA KE}"`),
    [
      `p:4:7: "\${LA KE}" is not a variable | Write \${NAME} or \${NAME:-default}; for a literal \${ write $\${`,
    ],
  ],
  [
    "a variable of the wrong type, whose value is not shown",
    withApi(`rate: { perSecond: "\${RATE}" }`),
    [
      `p:3:97: sources[0].rate.perSecond: expected a number, is "\${RATE}" | Write perSecond: 5; check the variables in \${RATE}`,
    ],
  ],
  [
    "a URL with a bad variable in it, whose value is not shown",
    below(`notify: { webhook: "http://\${HOST}/" }`),
    [
      `p:4:20: notify.webhook: "http://\${HOST}/" is not an http: or https: URL | Write it in full: https://HOST/PATH; check the variables in http://\${HOST}/`,
    ],
  ],
  [
    "an unknown key near a known one, and one far from all",
    withApi("tabel: t2, zzz: 1"),
    [
      'p:3:78: unknown key "tabel" in sources[0] | Did you mean table?',
      'p:3:89: unknown key "zzz" in sources[0] | Keys here: name, kind, url, each, headers, auth, contact, cookies, proxy, http2, tls, limits, network, method, body, graphql, params, format, records, namespaces, columns, envelope, failWhen, pagination, incremental, rate, maxPages, table',
    ],
  ],
  [
    "values of an incremental source where they cannot go",
    `${withApi('incremental: { in: body, param: a, field: b, start: "0" }')}  - { ${api.replace("name: a", "name: b")}, graphql: { query: q }, incremental: { in: query, param: a, field: b, start: "0" } }\n`,
    [
      "p:3:97: sources[0].incremental.in is body, but nothing is POSTed | Add method: POST",
      "p:4:120: sources[1].incremental.in is query, but graphql takes variables | Remove in",
    ],
  ],
  [
    "POST, GraphQL and cursors that do not fit together",
    `${withApi("body: { a: 1 }, pagination: { kind: cursor, in: body }")}  - { ${api.replace("name: a", "name: b")}, graphql: { query: q }, method: POST, pagination: { kind: none } }\n`,
    [
      "p:3:84: sources[0].body is given without method: POST | Add method: POST",
      "p:3:114: sources[0].pagination.kind is cursor, without next | Add next: $.meta.next, or nextHeader",
      "p:3:126: sources[0].pagination.in is body, but nothing is POSTed | Add method: POST",
      "p:4:109: sources[1].method is given beside graphql | Remove method",
      "p:4:127: sources[1].pagination is given beside graphql | Remove pagination",
    ],
  ],
  [
    "paths into answers that are lines of records",
    `pipeline: p
sources:
  - { name: a, kind: api, url: "https://a.example/", format: csv, records: "$", table: t, pagination: { kind: page, size: 5, total: $.n } }
  - { name: b, kind: api, url: "https://b.example/", format: ndjson, table: t, failWhen: $.e, pagination: { kind: cursor, next: $.n } }
  - { name: c, kind: api, url: "https://c.example/", format: tsv, table: t, pagination: { kind: link } }
`,
    [
      "p:3:76: sources[0].records is given, but a csv answer has nothing beside its records | Remove records, or the format",
      "p:3:133: sources[0].pagination.total is given, but a csv answer has nothing beside its records | Remove total, or the format",
      "p:4:90: sources[1].failWhen is given, but a ndjson answer has nothing beside its records | Remove failWhen, or the format",
      "p:4:129: sources[1].pagination.next is given, but a ndjson answer has nothing beside its records | Remove next, or the format",
    ],
  ],
  [
    "paths into XML, and of elements elsewhere",
    `pipeline: p
sources:
  - { name: a, kind: api, url: "https://a.example/", format: xml, table: t }
  - { name: b, kind: api, url: "https://b.example/", format: xml, records: $.a, table: t }
  - { name: c, kind: api, url: "https://c.example/", format: json, records: /a/b, table: t }
  - { name: d, kind: api, url: "https://d.example/", records: //b, table: t, envelope: { n: $.n } }
  - { name: e, kind: api, url: "https://e.example/", records: $.e, table: t, namespaces: { n: "urn:n" } }
`,
    [
      'p:3:5: sources[0] has no key "records" | Add records: /catalog/book',
      "p:4:76: sources[1].records is a JSONPath, but the format is xml | Write records: /catalog/book",
      "p:5:77: sources[2].records is a path of XML elements, but the format is json | Write records: $.data[*]",
      "p:6:88: sources[3].envelope is given, but of an XML answer only the records are read | Remove envelope",
      "p:7:90: sources[4].namespaces is given, but records is no path of XML elements | Remove namespaces, or write records: /catalog/book",
    ],
  ],
  [
    "parents that are none, and templates that tell no records apart",
    `pipeline: p
sources:
  - { name: quotes, kind: api, url: "https://a.example/", records: "$", table: t }
  - { name: a, kind: api, each: { from: quote, url: "https://a.example/{id}" }, records: "$", table: t }
  - { name: b, kind: api, each: { from: quotes, url: "https://a.example/x" }, records: "$", table: t }
  - { name: c, kind: api, each: { from: d, url: "https://a.example/{id}" }, records: "$", table: t }
  - { name: d, kind: api, each: { from: c, url: "https://a.example/{id}" }, records: "$", table: t }
  - { name: e, kind: api, each: { from: f, url: "https://a.example/{_quotes_no}" }, records: "$", table: t }
  - { name: f, kind: api, url: "https://a.example/", each: { from: quotes, url: "https://a.example/{id}" }, records: "$", table: t }
  - { name: g, kind: api, each: { from: quotes, url: "https://{id}.example/" }, records: "$", table: t }
`,
    [
      "p:4:41: sources[1].each.from names no other API source | Did you mean quotes?",
      "p:5:54: sources[2].each.url has no {field} of a record | Write .../{id}/...",
      "p:6:41: sources[3].each.from leads back to itself | Name a parent",
      "p:7:41: sources[4].each.from leads back to itself | Name a parent",
      "p:8:49: sources[5].each.url has {_quotes_no}, which f does not carry | It carries _quotes_id",
      "p:9:32: sources[6].url is given beside each | Remove url",
      "p:10:54: sources[7].each.url has a {field} in its host | Write https://HOST/.../{id}",
    ],
  ],
  [
    "missing keys",
    "sources:\n  - { name: a, kind: api }\n",
    [
      'p:1:1: there is no key "pipeline" | Add pipeline: NAME',
      'p:2:5: sources[0] has no key "table" | Add table: NAME',
      'p:2:5: sources[0] has no key "url" | Add url: https://HOST/PATH',
      'p:2:5: sources[0] has no key "records" | Add records: $.data[*]',
    ],
  ],
  [
    "no kind, a wrong kind, a kind of later, a number",
    "pipeline: p\nsources:\n  - name: a\n  - { name: b, kind: apy }\n  - { name: c, kind: cdc, from: { nats: {} }, table: t }\n  - 5\n",
    [
      'p:3:5: sources[0] has no key "kind" | Add kind: api | web | files',
      'p:4:22: sources[1].kind: expected api, web, files, is "apy" | Did you mean api?',
      "p:5:22: sources[2].kind: cdc is not available in this version | Use api or web or files",
      "p:6:5: sources[3]: expected a mapping (key: value), is 5 | Write { ... }",
    ],
  ],
  [
    "wrong types",
    "pipeline: 5\nsources: []\nretries: { crawl: -1, etl: lots, process: 1.5 }\nupload: { to: s3://bucket/x, simulate: yes }\nnotify:\n",
    [
      'p:1:11: pipeline: expected text, is 5 | Quote it: pipeline: "5"',
      "p:2:10: sources is an empty list | Put at least one item into it",
      "p:3:19: retries.crawl: expected at least 0, is -1 | Write a number from 0",
      'p:3:28: retries.etl: expected a number, is "lots" | Write etl: 5',
      "p:3:43: retries.process: expected a whole number, is 1.5 | Write process: 5",
      'p:4:40: upload.simulate: expected true or false, is "yes" | Write simulate: true',
      "p:5:8: notify: expected a mapping (key: value), is empty | Give it a value (notify: { ... }) or remove the key",
    ],
  ],
  [
    "what a web source may not say",
    web(
      "render: auto, robots: obay, auth: { oauth2: {} }, scope: { include: [], maxDepth: -1 }, rate: { perSecond: 0, backoff: 10, maxBackoff: 1x }",
    ),
    [
      "p:3:76: sources[0].render: auto is not available in this version | Use http",
      'p:3:90: sources[0].robots: expected obey, ignore, is "obay" | Did you mean obey?',
      'p:3:104: sources[0].auth.oauth2 has no key "tokenUrl" | Add tokenUrl: ...',
      'p:3:104: sources[0].auth.oauth2 has no key "clientId" | Add clientId: ...',
      "p:3:136: sources[0].scope.include is an empty list | Put at least one item into it",
      "p:3:150: sources[0].scope.maxDepth: expected at least 0, is -1 | Write a number from 0",
      "p:3:175: sources[0].rate.perSecond: expected more than 0, is 0 | Write a number above 0",
      "p:3:187: sources[0].rate.backoff: expected a duration, is 10 | Add a unit: backoff: 10s",
      'p:3:203: sources[0].rate.maxBackoff: "1x" is not a duration | Write a number and ms, s, m, h, d or w, such as 30s or 2h',
    ],
  ],
  [
    "traps that there are not",
    web("traps: { copys: 3, repeats: 1, params: x }"),
    [
      'p:3:77: unknown key "copys" in sources[0].traps | Did you mean copies?',
      "p:3:96: sources[0].traps.repeats: expected at least 2, is 1 | Write a number from 2",
      'p:3:107: sources[0].traps.params: expected a number, is "x" | Write params: 5',
    ],
  ],
  [
    "a word that is not off",
    web("traps: on"),
    [
      'p:3:75: sources[0].traps: expected off or a mapping (key: value), is "on" | Write traps: off, or its keys',
    ],
  ],
  [
    "an interval whose least is more than its most",
    web("recrawl: { min: 15d }"),
    [
      "p:3:77: sources[0].recrawl: min is longer than max (1h and 14d when absent) | Raise max or lower min",
    ],
  ],
  [
    "kinds of content that there are not",
    web("content: { save: [html, pdff], skip: [image], maxBytes: 0, keep: [a] }"),
    [
      'p:3:92: sources[0].content.save[1]: "pdff" is not a kind of content | Did you mean pdf?',
      "p:3:124: sources[0].content.maxBytes: expected at least 1, is 0 | Write a number from 1",
      'p:3:127: unknown key "keep" in sources[0].content | Keys here: save, skip, maxBytes',
    ],
  ],
  [
    "pages that is no name, seeds that are no list",
    "pipeline: p\nsources:\n  - { name: w, kind: web, seeds: https://w.example/, pages: true }\n",
    [
      'p:3:34: sources[0].seeds: expected a list, is "https://w.example/" | Write seeds: [https://w.example/]',
      "p:3:61: sources[0].pages: expected text, is true | Write pages: NAME",
    ],
  ],
  [
    "one table for pages and what is extracted from them",
    web("extract: [{ table: p, match: '**', fields: { a: { css: b } } }]"),
    [
      'p:3:87: sources[0].extract[0].table: "p" is the table of this source\'s pages too | Use another table',
    ],
  ],
  [
    "bad URLs, format and table of drops",
    source(
      'name: f, kind: files, urls: ["http://x/y.csv", "file:./a.xls", ./x.csv, "s3:b", "file:~/x"], format: excelx, table: My Table',
    ),
    [
      'p:3:36: sources[0].urls[0]: "http://x/y.csv" is neither a file: nor an s3: URL | Write file:./FOLDER or s3://BUCKET/PREFIX',
      'p:3:54: sources[0].urls[1]: "file:./a.xls" names .xls files: reading them is not available in this version | Save them as .xlsx, csv, json or parquet',
      'p:3:70: sources[0].urls[2]: "./x.csv" is neither a file: nor an s3: URL | Write file:./x.csv',
      'p:3:79: sources[0].urls[3]: "s3:b" is not an s3: URL | Write s3://BUCKET/PREFIX; a bucket is 3 to 63 of a-z, 0-9, dot and hyphen',
      `p:3:87: sources[0].urls[4]: "file:~/x" starts with "~", which has no meaning in a URL | Write file:\${HOME}/x`,
      'p:3:108: sources[0].format: expected auto, csv, tsv, json, ndjson, parquet, xml, excel, avro, fixed, is "excelx" | Did you mean excel?',
      'p:3:123: sources[0].table: "My Table" is not a table name | Use a-z, 0-9 and _, not starting with a digit, 63 at most, such as my_table',
    ],
  ],
  [
    "two sources of one name, bad paths and contradictions",
    `${withApi("pagination: { kind: cursor, next: meta.next }")}  - { ${api}, auth: { basic: { user: u, password: p }, bearer: x }, rate: { backoff: 10m }, pagination: { kind: page, sizeParam: n } }\n`,
    [
      "p:3:112: sources[0].pagination.next: \"meta.next\" is not a JSONPath (RFC 9535): expected '$', found 'm' at character 1 | Write a path such as $.data[*] or $.meta.next",
      'p:4:13: sources[1].name: another source is called "a", on line 3 | Give each source a name of its own',
      "p:4:84: sources[1].auth: expected one way to authenticate, has basic, bearer | Keep one of bearer, basic, header, query, oauth2, aws, sign",
      "p:4:138: sources[1].rate: backoff is longer than maxBackoff (5m when absent) | Raise maxBackoff or lower backoff",
      "p:4:193: sources[1].pagination.sizeParam is given without size | Add size: 100",
    ],
  ],
  [
    "secrets in URLs and headers that cannot be sent",
    source(
      'name: a, kind: api, url: "https://u:pw@a.example/", records: "$", table: t, auth: { bearer: "x\\ny" }, headers: { "a b": c }, params: [a]',
    ),
    [
      'p:3:32: sources[0].url: "https://***@a.example/" contains a user or password | Write them as auth: { basic: { user: ..., password: ... } }',
      'p:3:99: sources[0].auth.bearer: "***" is not a header value (RFC 9110 section 5.5) | Remove line breaks and characters beyond Latin-1',
      'p:3:120: key "a b" is not a header name (RFC 9110 section 5.1) | Use letters, digits and -',
      "p:3:140: sources[0].params: expected a mapping (key: value), is a list | Write params: { ... }",
    ],
  ],
  [
    "the rest of the file",
    below(
      'lake: ./lake\nschedule: "@dayly"\netl: { models: ./modls }\nwaitFor: [{ timeout: 2h }, { s3: "s3://bucket/k", file: x }]\nupload: { to: "s3://bucket/*" }\nnotify: { webhook: hook, email: { to: me, smtp: "http://x" } }',
    ),
    [
      'p:4:7: lake: "./lake" is neither a file: nor an s3: URL | Write file:./lake',
      'p:5:11: schedule: "@dayly" is none of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually | Write @hourly, @daily, @weekly, @monthly or five cron fields, such as 30 2 * * 1-5',
      'p:6:16: etl.models: "./modls": there is no such folder | Make the folder and put one *.sql file a model into it, or remove etl',
      "p:7:11: waitFor[0]: expected one thing to wait for, has none | Write { s3: s3://BUCKET/KEY, timeout: 2h } or { file: ./PATH }",
      "p:7:28: waitFor[1]: expected one thing to wait for, has s3, file | Write { s3: s3://BUCKET/KEY, timeout: 2h } or { file: ./PATH }",
      'p:8:15: upload.to: "s3://bucket/*" contains a glob character | Name one folder or file; escape * as %2A and ? as %3F',
      'p:9:20: notify.webhook: "hook" is not an http: or https: URL | Write it in full: https://HOST/PATH',
      'p:9:39: notify.email.to: "me" is not an e-mail address | Write name@example.com, several with commas',
      'p:9:49: notify.email.smtp: "http://x" is not an smtp: or smtps: URL | Write smtp://HOST:PORT, with a user and password before HOST if it asks for them',
    ],
  ],
];

test.each(files)("%s", (_title, text, problems) => {
  expect(problemsOf(text)).toEqual(problems);
});

test("one problem is an error with its place; several are one error that lists them", () => {
  const one = () => parsePipeline(input(below("lake: ./lake")));
  expect(one).toThrow(UsageError);
  expect(one).toThrow(
    '/p/p.yaml:4:7: lake: "./lake" is neither a file: nor an s3: URL\n  Write file:./lake',
  );
  const two = () => parsePipeline(input(below("lake: ./lake\nfoo: 1")));
  expect(two).toThrow(
    /^\/p\/p\.yaml: 2 problems\n\/p\/p\.yaml:4:7: .*\n {2}.*\n\/p\/p\.yaml:5:1: /,
  );
});

test("an alias that contains itself, or blows up, ends in a problem", () => {
  expect(problemsOf("pipeline: p\nsources: &s\n  - *s\n")[0]).toMatch(
    /alias "\*s" cannot be expanded/,
  );
  const levels = Array.from({ length: 9 }, (_, i) => {
    const before = Array(10).fill(i === 0 ? "x" : `*l${i - 1}`);
    return `l${i}: &l${i} [${before.join(", ")}]`;
  });
  expect(problemsOf(levels.join("\n")).join("\n")).toMatch(/it contains itself or too much/);
});
