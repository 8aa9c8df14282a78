// The elements by which a page leads on, and those that only look as if they did.
import type { Random } from "./random.ts";

/** Writes an element with that href. `head`: it belongs into the head. */
type Form = { head: boolean; write: (href: string) => string };

const body = (write: Form["write"]): Form => ({ head: false, write });
const head = (write: Form["write"]): Form => ({ head: true, write });
const quoted = (href: string) => href.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
const needsQuotes = (href: string) => /[\s"'`=<>]/.test(href);

/** All of these are followed. */
const forms: readonly Form[] = [
  body((href) => `<a href="${quoted(href)}">a page</a>`),
  body((href) => `<a class=x href="${quoted(href)}" title='"'>another</a>`),
  body((href) => `<A\nHREF = '${quoted(href)}'>upper case</A>`),
  body((href) =>
    needsQuotes(href) ? `<a href="${href}">quoted</a>` : `<a href=${href}>unquoted</a>`,
  ),
  body((href) => `<a href="${quoted(href).replaceAll("/", "&#x2F;")}">entities</a>`),
  body((href) => `<a href="${quoted(href).replaceAll("-", "&#45;")}" rel=external>entities</a>`),
  body((href) => `<a href="${href}" href="/decoy/second-href">an ampersand as it is</a>`),
  body((href) => `<map name=m><area shape=rect coords="0,0,9,9" href="${quoted(href)}"></map>`),
  body((href) => `<iframe src="${quoted(href)}"></iframe>`),
  body((href) => `<noscript><a href="${quoted(href)}">without scripts</a></noscript>`),
  body((href) => `<ul><li><b><i><a href="${quoted(href)}">nested</b> badly</i></a></ul>`),
  body(
    (href) => `<!-- -- > <a href="/decoy/in-comment"> --><a href="${quoted(href)}">after it</a>`,
  ),
  body((href) => `<svg><a href="${quoted(href)}"><text>drawn</text></a></svg>`),
  head((href) => `<link rel="next" href="${quoted(href)}">`),
  head((href) => `<link rel="prev" href="${quoted(href)}">`),
  head((href) => `<link rel="canonical" href="${quoted(href)}">`),
  head((href) => `<link rel="alternate" hreflang="de" href="${quoted(href)}">`),
];

/** A form sends its fields in the place of a query: only what has none means what it says. */
const form = body((href) => `<form action="${quoted(href)}"><button>go</button></form>`);

/** A page has one at most. */
const header = (href: string) => `<${href}>; title="a, b"; rel="next"`;

/** Only one of a page counts. */
const refresh = head((href) => `<meta http-equiv="Refresh" content="30; URL='${quoted(href)}'">`);

/** Anything that is no link, or no link to follow; a crawler that asks for a path below `/decoy/` has read it wrongly. */
export const decoys = `<!-- <a href="/decoy/comment">x</a> -->
<script>document.write('<a href="/decoy/script">x</a>')</script>
<script type="text/template"><a href="/decoy/template">x</a></script>
<style>a::after { content: '<a href="/decoy/style">x</a>' } body { background: url(/decoy/css) }</style>
<textarea><a href="/decoy/textarea">x</a></textarea>
<p title='<a href="/decoy/attribute">'>text <a name="here">anchor</a> <a data-href="/decoy/data">x</a></p>
<a href="mailto:a@decoy.example">mail</a> <a href="javascript:go('/decoy/js')">js</a> <a href="tel:123">call</a>
<a href="data:text/html,<a href='/decoy/data-url'>x</a>">data</a> <a href="ftp://decoy.example/decoy/ftp">ftp</a>
<a href="http://[bad/decoy/host">bad</a> <a href="http://:99999/decoy/port">bad</a>
<form method=post action="/decoy/post"><button>send</button></form>
<a rel="nofollow ugc" href="/decoy/nofollow">not vouched for</a>
<img src="/decoy/img.png" srcset="/decoy/1x.png 1x, /decoy/2x.png 2x"> <link rel="stylesheet" href="/decoy/style.css">
<object data="/decoy/object"></object> <blockquote cite="/decoy/cite"></blockquote>
`;

export type WrittenLinks = { head: string; body: string; header: string };

/** Elements for the hrefs of a page, in head, body and Link header; each in a form of its own. */
export function writeLinks(hrefs: readonly string[], random: Random): WrittenLinks {
  const written: WrittenLinks = { head: "", body: "", header: "" };
  let hasRefresh = false;
  for (const href of hrefs) {
    const isPlain = /^[!-~]+$/.test(href) && !/[;,<>"']/.test(href);
    const turn = isPlain ? random.below(forms.length + 3) : random.below(forms.length);
    if (turn < forms.length) {
      const { head: isHead, write } = forms[turn] as Form;
      if (isHead) written.head += `${write(href)}\n`;
      else written.body += `<p>${write(href)}</p>\n`;
    } else if (turn === forms.length && written.header === "") written.header = header(href);
    else if (turn === forms.length + 1 && !hasRefresh) {
      hasRefresh = true;
      written.head += `${refresh.write(href)}\n`;
    } else
      written.body += href.includes("?") ? `<a href="${quoted(href)}">a</a>` : form.write(href);
  }
  return written;
}
