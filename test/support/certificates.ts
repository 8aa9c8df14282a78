// Certificates made for one test: an authority, and what it signs.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type Certificate = { cert: string; key: string };

/** An authority's certificate, and certificates signed by it: for the names given, and for a client. By openssl. */
export function makeCertificates(names: readonly string[]): {
  ca: string;
  server: Certificate;
  client: Certificate;
} {
  const folder = mkdtempSync(join(tmpdir(), "onpoint-certificates-"));
  const path = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "pipe" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const sign = (name: string, extension: string): Certificate => {
    writeFileSync(path(`${name}.ext`), extension);
    openssl(
      ...["req", ...newKey, "-subj", `/CN=${name}`],
      ...["-keyout", path(`${name}.key`), "-out", path(`${name}.csr`)],
    );
    openssl(
      ...["x509", "-req", "-days", "2", "-in", path(`${name}.csr`), "-out", path(`${name}.pem`)],
      ...["-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-CAcreateserial"],
      ...["-extfile", path(`${name}.ext`)],
    );
    return { cert: read(`${name}.pem`), key: read(`${name}.key`) };
  };
  const read = (name: string) => readFileSync(path(name), "utf8");
  try {
    openssl(
      ...["req", "-x509", ...newKey, "-days", "2", "-subj", "/CN=authority"],
      ...["-keyout", path("ca.key"), "-out", path("ca.pem")],
    );
    const alternatives = names.map((name) =>
      /^[\d.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`,
    );
    return {
      ca: read("ca.pem"),
      server: sign("server", `subjectAltName=${alternatives.join(",")}\n`),
      client: sign("client", "extendedKeyUsage=clientAuth\n"),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
