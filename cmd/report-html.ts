// A report as one HTML page that needs nothing else: no script, no other file; light and dark as the reader's system is.
import type { Section } from "./report-sections.ts";

const style = `
:root { color-scheme: light dark; --line: #d5d9de; --soft: #f4f6f8; --text: #1c2126; --quiet: #5c6670; --page: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --line: #353b42; --soft: #20252a; --text: #e3e7eb; --quiet: #9aa4ae; --page: #15181b; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 75rem; padding: 1.5rem; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .75rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: anywhere; }
thead th { background: var(--soft); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 400; color: var(--quiet); }
.number { text-align: right; white-space: nowrap; }
p { color: var(--quiet); }
`;

/** The page. Every text is escaped. */
export function reportHtml(title: string, sections: readonly Section[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${sections.map(sectionHtml).join("\n")}
</body>
</html>
`;
}

function sectionHtml({ title, columns, rows, empty }: Section): string {
  const head = title === "" ? "" : `<h2>${escapeHtml(title)}</h2>\n`;
  if (rows.length === 0) return `${head}<p>${escapeHtml(empty ?? "none")}</p>`;
  const hasNames = columns.some(({ name }) => name !== "");
  const names = columns.map(
    ({ name, right }) => `<th scope="col"${classOf(right)}>${escapeHtml(name)}</th>`,
  );
  const body = rows.map((row) => {
    const cells = columns.map(({ right }, i) => {
      const text = escapeHtml(row[i] ?? "");
      return i === 0 && !hasNames
        ? `<th scope="row">${text}</th>`
        : `<td${classOf(right)}>${text}</td>`;
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  const header = hasNames ? `<thead><tr>${names.join("")}</tr></thead>\n` : "";
  return `${head}<div class="wide"><table>\n${header}<tbody>\n${body.join("\n")}\n</tbody>\n</table></div>`;
}

function classOf(right: boolean | undefined): string {
  return right ? ' class="number"' : "";
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
