// What the public test suites of sitemap readers know, as facts of ours: crawler-commons (SiteMapParserTest,
// SiteMapParserExtensionTest and the files beside them) and Apache StormCrawler (SiteMapParserBoltTest, FeedParserBoltTest).
//
// Left out, with the reason: attributes of images, news, videos and mobile pages (only pages are wanted here; that they do not
// confuse the reader is below); that a URL outside of the sitemap's folder is not valid (the source's scope decides); that a
// broken file or a wrong namespace is refused (what came before the fault is a page all the same).
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { readWholeSitemap } from "../../test/support/read-sitemap.ts";

const protocol = "http://www.sitemaps.org/schemas/sitemap/0.9";
const declaration = '<?xml version="1.0" encoding="UTF-8"?>';
const urlset = (inner: string, namespaces = "") =>
  `${declaration}\n<urlset xmlns="${protocol}" ${namespaces}>\n${inner}\n</urlset>`;
const index = (inner: string) => `${declaration}\n<sitemapindex>\n${inner}\n</sitemapindex>`;

const five = urlset(`
  <url><loc>http://s.example/</loc><lastmod>2005-01-01</lastmod><changefreq>monthly</changefreq><priority>0.8</priority></url>
  <url><loc>http://s.example/catalog?desc=hawaii&amp;item=12</loc><changefreq>weekly</changefreq></url>
  <url><loc>http://s.example/catalog?desc=zealand&amp;item=73</loc><lastmod>2004-12-23</lastmod></url>
  <url><loc>http://s.example/catalog?desc=new&amp;item=74</loc><lastmod>2004-12-23T18:00:15&#43;00:00</lastmod><priority>0.3</priority></url>
  <url><loc>http://s.example/catalog?desc=usa&amp;item=83</loc><lastmod>2004-11-23</lastmod></url>`);
const fivePages = [
  "http://s.example/ @2005-01-01T00:00:00.000Z",
  "http://s.example/catalog?desc=hawaii&item=12",
  "http://s.example/catalog?desc=zealand&item=73 @2004-12-23T00:00:00.000Z",
  "http://s.example/catalog?desc=new&item=74 @2004-12-23T18:00:15.000Z",
  "http://s.example/catalog?desc=usa&item=83 @2004-11-23T00:00:00.000Z",
];

describe("lists of pages", () => {
  test.each<[string, string | Buffer, string[]]>([
    ["the form of the protocol", five, fivePages],
    ["a byte order mark and blanks before it", `\uFEFF\n \t\r\n${five}`, fivePages],
    ["gzipped", gzipSync(five), fivePages],
    [
      "URLs a line",
      "http://s.example/catalog?item=1\nhttp://s.example/catalog?item=11",
      ["http://s.example/catalog?item=1", "http://s.example/catalog?item=11"],
    ],
    [
      "URLs a line after a byte order mark",
      "\uFEFFhttp://s.example/1\nhttp://s.example/2",
      ["http://s.example/1", "http://s.example/2"],
    ],
    [
      "URLs a line, gzipped",
      gzipSync("http://s.example/1\r\nhttp://s.example/2\r\n"),
      ["http://s.example/1", "http://s.example/2"],
    ],
    [
      "a namespace of another owner",
      five.replace(protocol, "http://www.google.com/schemas/sitemap/0.9"),
      fivePages,
    ],
    [
      "a URL with line ends around it",
      urlset("<url>\n<loc>\n http://s.example/2\n</loc>\n</url>"),
      ["http://s.example/2"],
    ],
    [
      "a URL in an element of its own",
      urlset(
        "<url><loc><url><![CDATA[http://s.example/a--b-WA/2333221]]></url></loc><lastmod>2015-04-28</lastmod></url>",
      ),
      ["http://s.example/a--b-WA/2333221 @2015-04-28T00:00:00.000Z"],
    ],
    [
      "a comment in an entry, and an end too many",
      urlset("<url><!-- nothing --></url><url><loc> http://s.example/x</loc></url></url>"),
      ["http://s.example/x"],
    ],
    [
      "cut behind a URL",
      `${declaration}<urlset><url><loc>http://s.example/</lo`,
      ["http://s.example/"],
    ],
  ])("%s", async (_title, body, pages) => {
    expect((await readWholeSitemap(body)).pages).toEqual(pages);
  });
});

describe("indexes", () => {
  test("with dates, entities and CDATA", async () => {
    const found = await readWholeSitemap(
      index(`<sitemap><loc>http://s.example/1.xml.gz</loc><lastmod><![CDATA[2004-10-01T18:23:17+00:00]]></lastmod></sitemap>
        <sitemap><loc>http://s.example/2.xml.gz</loc><lastmod>2005-01-01</lastmod></sitemap>
        <sitemap><loc>http://s.example/dyn?date=now&amp;all=true</loc><lastmod>2004-10-01T18:23:17&#43;00:00</lastmod></sitemap>
        <sitemap><loc>http://s.example/dyn<![CDATA[?date=lastyear&all=false]]></loc></sitemap>`),
    );
    expect(found).toMatchObject({ kind: "index", pages: [], error: null });
    expect(found.sitemaps).toEqual([
      "http://s.example/1.xml.gz @2004-10-01T18:23:17.000Z",
      "http://s.example/2.xml.gz @2005-01-01T00:00:00.000Z",
      "http://s.example/dyn?date=now&all=true @2004-10-01T18:23:17.000Z",
      "http://s.example/dyn?date=lastyear&all=false",
    ]);
  });

  test.each<[string, string, string[]]>([
    [
      "several URLs in one entry",
      index("<sitemap><loc>http://s.example/1</loc><loc>http://s.example/2</loc></sitemap>"),
      ["http://s.example/1", "http://s.example/2"],
    ],
    [
      "several with dates: each has its own",
      index(
        "<sitemap><loc>http://s.example/1</loc><lastmod>2004-10-01</lastmod><loc>http://s.example/2</loc><loc>http://s.example/3</loc><lastmod>2005-11-02</lastmod></sitemap>",
      ),
      [
        "http://s.example/1 @2004-10-01T00:00:00.000Z",
        "http://s.example/2",
        "http://s.example/3 @2005-11-02T00:00:00.000Z",
      ],
    ],
    [
      "URLs without an element of their own",
      index(
        "<sitemap>\nhttps://s.example/s.jss?code=10260&amp;lang=en\n</sitemap><sitemap>\nhttps://s.example/s.jss?code=2&amp;lang=en\n</sitemap>",
      ),
      ["https://s.example/s.jss?code=10260&lang=en", "https://s.example/s.jss?code=2&lang=en"],
    ],
    [
      "blanks of all kinds",
      index(
        "<sitemap><loc>\n <![CDATA[ http://s.example/1 ]]>\n</loc></sitemap><sitemap><loc><![CDATA[\u00A0http://s.example/2 ]]> \u2000\n</loc></sitemap>",
      ),
      ["http://s.example/1", "http://s.example/2"],
    ],
    [
      "cut in the entry",
      `${declaration}<sitemapindex><sitemap><loc>http://s.example/1.xml.gz</loc><las`,
      ["http://s.example/1.xml.gz"],
    ],
  ])("%s", async (_title, text, sitemaps) => {
    expect((await readWholeSitemap(text)).sitemaps).toEqual(sitemaps);
  });
});

describe("what other elements name is no page", () => {
  test.each<[string, string, string[]]>([
    [
      "images",
      "<image:image><image:loc>http://s.example/i.jpg</image:loc><image:caption>c</image:caption><image:license>http://cc.example/</image:license></image:image><image:image><image:loc>http://s.example/j.jpg</image:loc></image:image>",
      [],
    ],
    ["images without a prefix", "<image><loc>http://s.example/i.jpg</loc></image>", []],
    [
      "videos",
      "<video:video><video:thumbnail_loc>http://s.example/t.jpg</video:thumbnail_loc><video:content_loc>http://s.example/v.flv</video:content_loc><video:player_loc allow_embed='yes'>http://s.example/p.swf?v=1</video:player_loc><video:gallery_loc title='g'>http://g.example</video:gallery_loc><video:publication_date>2007-11-05T19:20:30+08:00</video:publication_date><video:uploader info='http://s.example/u'>u</video:uploader><video:content_segment_loc duration='1'>http://s.example/s.mp4</video:content_segment_loc></video:video>",
      [],
    ],
    [
      "shows",
      "<video:video><video:tvshow><video:show_title>t</video:show_title><video:premier_date>2025-06-05T21:00Z</video:premier_date></video:tvshow></video:video>",
      [],
    ],
    [
      "news",
      "<news:news><news:publication><news:name>n</news:name><news:language>en</news:language></news:publication><news:publication_date>2008-12-23</news:publication_date><news:title>t &amp; u</news:title><news:keywords>a, b</news:keywords></news:news>",
      [],
    ],
    ["mobile pages", "<mobile:mobile/>", []],
    [
      "page maps",
      "<PageMap xmlns='x'><DataObject type='image'><Attribute name='image_src'>http://s.example/foo.gif</Attribute></DataObject></PageMap>",
      [],
    ],
    ["an included file", "<xi:include href='file:///etc/passwd' parse='text'/>", []],
    [
      "other links",
      "<xhtml:link rel='amphtml' href='http://s.example/amp'/><xhtml:link rel='alternate'/>",
      [],
    ],
    [
      "but other languages are",
      "<xhtml:link rel='alternate' hreflang='de' href='http://s.example/deutsch/'/><xhtml:link rel='alternate' hreflang='de-ch' href=' http://s.example/schweiz/ '/>",
      ["http://s.example/deutsch/", "http://s.example/schweiz/"],
    ],
    [
      "and other devices",
      "<xhtml:link rel='Alternate' media='only screen and (max-width: 640px)' href='http://m.s.example/'/>",
      ["http://m.s.example/"],
    ],
  ])("%s", async (_title, inner, alternates) => {
    const page = "<loc>http://s.example/a</loc><lastmod>2015-05-03T18:51:50+01:00</lastmod>";
    for (const both of [page + inner, inner + page]) {
      const found = await readWholeSitemap(urlset(`<url>${both}</url>`));
      expect(found).toMatchObject({ kind: "urlset", alternates, error: null });
      expect(found.pages).toEqual(["http://s.example/a @2015-05-03T17:51:50.000Z"]);
    }
  });
});

describe("entities of a document", () => {
  test.each([
    ["a file of this machine", '<!ENTITY x SYSTEM "file:///etc/hostname">'],
    ["a text", '<!ENTITY y "aaaa"><!ENTITY x "&y;&y;">'],
  ])("%s is not read", async (_title, entity) => {
    const text = `<!DOCTYPE urlset [${entity}]><urlset><url><loc>http://s.example/a</loc></url><url><loc>&x;</loc></url></urlset>`;
    expect((await readWholeSitemap(text)).pages).toEqual(["http://s.example/a"]);
  });
});

describe("feeds", () => {
  test("RSS 2.0: links, a guid in the place of one, entities, CDATA; not the channel's own", async () => {
    const found =
      await readWholeSitemap(`<rss version="2.0"><channel><title>t</title><link>http://s.example/main.html</link>
      <pubDate>Sun, 06 Sep 2009 16:20:00 +0000</pubDate><image><url>http://s.example/logo.png</url><link>http://s.example/</link></image>
      <item><title>a</title><link>http://s.example/post/1</link><guid isPermaLink="false">7bd204c6-1655</guid><pubDate>Sun, 06 Sep 2009 16:20:00 +0000</pubDate></item>
      <item><guid isPermaLink="false">http://s.example/guid.html</guid></item>
      <item><link>http://s.example/foo?q=a&amp;l=en</link><image><url>http://s.example/i.png</url></image><media:content url="http://s.example/v.mp4"/></item>
      <item><link>http://s.example/foo<![CDATA[?q=a&l=fr]]></link><atom:link href="http://s.example/self" rel="self"/></item>
      <item><title>nowhere</title><guid>7bd204c6</guid></item></channel></rss>`);
    expect(found).toMatchObject({ kind: "feed", error: null });
    expect(found.pages).toEqual([
      "http://s.example/post/1 @2009-09-06T16:20:00.000Z",
      "http://s.example/guid.html",
      "http://s.example/foo?q=a&l=en",
      "http://s.example/foo?q=a&l=fr",
    ]);
  });

  test("RSS 2.0: dates of all forms, and none", async () => {
    const dates = [
      "Thu, 05 Jan 2017 13:34:51 +0100",
      "Thu, 05 Jan 17 13:34:52 +0100",
      "05 Jan 2017 13:34:53 +0100",
      "05 Jan 17 13:34:54 +0100",
      "05 Jan 17 13:34:55",
      "",
    ];
    const items = dates.map(
      (date, n) => `<item><link>http://s.example/${n}</link><pubDate>${date}</pubDate></item>`,
    );
    const found = await readWholeSitemap(`<rss><channel>${items.join("")}</channel></rss>`);
    expect(found.pages.map((page) => page.split("@")[1])).toEqual([
      "2017-01-05T12:34:51.000Z",
      "2017-01-05T12:34:52.000Z",
      "2017-01-05T12:34:53.000Z",
      "2017-01-05T12:34:54.000Z",
      undefined,
      undefined,
    ]);
  });

  test("RSS 1.0", async () => {
    const found =
      await readWholeSitemap(`<?xml version="1.0"?><rdf:RDF xmlns:rdf="r" xmlns="http://purl.org/rss/1.0/">
      <channel rdf:about="http://s.example/news.rss"><link>http://s.example/pub</link><image rdf:resource="http://s.example/i.gif"/>
      <items><rdf:Seq><rdf:li resource="http://s.example/1.html"/></rdf:Seq></items></channel>
      <image rdf:about="http://s.example/i.gif"><link>http://s.example</link><url>http://s.example/i.gif</url></image>
      <item rdf:about="http://s.example/1.html"><title>t</title><link>http://s.example/1.html</link><dc:date>2000-08-09</dc:date></item></rdf:RDF>`);
    expect(found.pages).toEqual(["http://s.example/1.html @2000-08-09T00:00:00.000Z"]);
  });

  test("Atom: the first alternate of each entry, not the feed's own links", async () => {
    const found =
      await readWholeSitemap(`<feed xmlns="http://www.w3.org/2005/Atom"><link href="http://s.example/feed/" rel="self"/><link href="http://s.example/"/>
      <updated>2003-12-13T18:30:02Z</updated><entry><title>t</title><link rel="edit" href="http://s.example/03/edit"/><link href="http://s.example/03"/>
      <link rel="alternate" type="text/html" href="http://s.example/03.html"/><published>2003-12-12T00:00:00Z</published><updated>2003-12-13T18:30:02Z</updated>
      <content type="xhtml"><div><link href="http://s.example/no"/></div></content></entry></feed>`);
    expect(found).toMatchObject({ kind: "feed", alternates: [] });
    expect(found.pages).toEqual(["http://s.example/03 @2003-12-13T18:30:02.000Z"]);
  });
});
