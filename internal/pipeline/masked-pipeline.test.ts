import { expect, test } from "vitest";
import { maskedPipeline } from "./masked-pipeline.ts";
import { checkPipeline } from "./parse-pipeline.ts";

const secrets: Record<string, string> = {
  TOKEN: "t0ken-s3cret",
  PORT: "61234",
  LAKE: "file:./hidden-lake",
  MODELS: "hidden-models",
  HOOK: "https://hooks.example/hidden",
  DATA: "../hidden-data",
  MAIL: "hidden@example.com, other@example.com",
  RATE: "3",
};

const text = `
pipeline: masked
lake: \${LAKE}
sources:
  - name: a
    kind: api
    url: http://a.example:\${PORT}/v1
    auth: { bearer: "\${TOKEN}" }
    params: { key: "\${TOKEN}", api_key: literal-key, page_size: 10 }
    headers: { authorization: literal-authorization, accept: text/plain }
    records: $
    method: POST
    body: { login: { user: u, password: literal-password, keys: ["\${TOKEN}"] }, api_key: [literal-key] }
    proxy: ["http://u:literal-password@p.example:8080", "http://u:\${TOKEN}@q.example"]
    tls: { key: "-----BEGIN PRIVATE KEY-----literal", cert: ./cert.pem }
    rate: { perSecond: "\${RATE}", concurrency: "\${NO:-3}" }
    table: t
  - { name: b, kind: web, seeds: ["https://b.example/?token=literal-token"], auth: { basic: { user: u, password: literal-password } } }
  - { name: f, kind: files, urls: ["file:\${DATA}/*.csv", "\${NO:-file:open.csv}"], table: t }
etl: { models: "\${MODELS}" }
waitFor: [{ file: "\${DATA}" }]
notify: { webhook: "\${HOOK}", email: { to: "\${MAIL}", smtp: "smtp://u:literal-password@m.example" } }
`;
const check = (content: string) =>
  checkPipeline({
    file: "/p/p.yaml",
    text: content,
    variables: (name) => secrets[name],
    checkFiles: false,
  });

test("nothing that came from a variable or is a credential is left in what is printed", () => {
  const { pipeline, problems, masks } = check(text);
  expect(problems).toEqual([]);
  if (!pipeline) return;
  const printed = JSON.stringify(maskedPipeline(pipeline, masks));
  expect(printed).not.toMatch(/s3cret|61234|hidden|literal/);
  expect(maskedPipeline(pipeline, masks)).toMatchObject({
    name: "masked",
    lake: `\${LAKE}`,
    sources: [
      {
        url: `http://a.example:\${PORT}/v1`,
        auth: { kind: "bearer", token: `\${TOKEN}` },
        params: { key: `\${TOKEN}`, api_key: "***", page_size: "10" },
        body: { login: { user: "u", password: "***", keys: [`\${TOKEN}`] }, api_key: ["***"] },
        headers: { authorization: "***", accept: "text/plain" },
        rate: { perSecond: 3, concurrency: 3 },
        fetch: {
          proxies: ["http://***@p.example:8080", `http://u:\${TOKEN}@q.example`],
          tls: { key: "***", cert: "/p/cert.pem" },
        },
      },
      { auth: { kind: "basic", user: "u", password: "***" } },
      { urls: [`file:\${DATA}/*.csv`, "file:///p/open.csv"] },
    ],
    models: `\${MODELS}`,
    waitFor: [{ url: `\${DATA}` }],
    notify: { webhook: `\${HOOK}`, email: { to: `\${MAIL}`, from: `\${MAIL}` } },
  });
});

test("a webhook that is written out shows its host only", () => {
  const content = text.replace(`"\${HOOK}"`, "https://hooks.example/services/abc");
  const { pipeline, masks } = check(content);
  expect(pipeline && maskedPipeline(pipeline, masks).notify.webhook).toBe(
    "https://hooks.example/***",
  );
});
