// Avro files that fastavro 1.13 wrote, by every codec; the expected values are those it was given.
import { describe, expect, test } from "vitest";
import { processOne } from "../../test/support/process-batch.ts";

const file = (base64: string) => Buffer.from(base64, "base64");
const all = file(
  "T2JqAQQUYXZyby5jb2RlYwhudWxsFmF2cm8uc2NoZW1h+BZ7InR5cGUiOiAicmVjb3JkIiwgIm5hbWUiOiAiUiIsICJuYW1lc3BhY2UiOiAibi5zIiwgImZpZWxkcyI6IFt7Im5hbWUiOiAibCIsICJ0eXBlIjogImxvbmcifSwgeyJuYW1lIjogImkiLCAidHlwZSI6IFsibnVsbCIsICJpbnQiXX0sIHsibmFtZSI6ICJkIiwgInR5cGUiOiB7InR5cGUiOiAiYnl0ZXMiLCAibG9naWNhbFR5cGUiOiAiZGVjaW1hbCIsICJwcmVjaXNpb24iOiAyMCwgInNjYWxlIjogNH19LCB7Im5hbWUiOiAiZiIsICJ0eXBlIjogeyJ0eXBlIjogImZpeGVkIiwgIm5hbWUiOiAiRiIsICJzaXplIjogNCwgImxvZ2ljYWxUeXBlIjogImRlY2ltYWwiLCAicHJlY2lzaW9uIjogOCwgInNjYWxlIjogMH19LCB7Im5hbWUiOiAiZGF5IiwgInR5cGUiOiB7InR5cGUiOiAiaW50IiwgImxvZ2ljYWxUeXBlIjogImRhdGUifX0sIHsibmFtZSI6ICJtcyIsICJ0eXBlIjogeyJ0eXBlIjogImxvbmciLCAibG9naWNhbFR5cGUiOiAidGltZXN0YW1wLW1pbGxpcyJ9fSwgeyJuYW1lIjogInVzIiwgInR5cGUiOiB7InR5cGUiOiAibG9uZyIsICJsb2dpY2FsVHlwZSI6ICJ0aW1lc3RhbXAtbWljcm9zIn19LCB7Im5hbWUiOiAibG9jIiwgInR5cGUiOiB7InR5cGUiOiAibG9uZyIsICJsb2dpY2FsVHlwZSI6ICJsb2NhbC10aW1lc3RhbXAtbWljcm9zIn19LCB7Im5hbWUiOiAidCIsICJ0eXBlIjogeyJ0eXBlIjogImxvbmciLCAibG9naWNhbFR5cGUiOiAidGltZS1taWNyb3MifX0sIHsibmFtZSI6ICJ1IiwgInR5cGUiOiB7InR5cGUiOiAic3RyaW5nIiwgImxvZ2ljYWxUeXBlIjogInV1aWQifX0sIHsibmFtZSI6ICJlIiwgInR5cGUiOiB7InR5cGUiOiAiZW51bSIsICJuYW1lIjogIkUiLCAic3ltYm9scyI6IFsiQSIsICJCIl19fSwgeyJuYW1lIjogInRhZ3MiLCAidHlwZSI6IHsidHlwZSI6ICJhcnJheSIsICJpdGVtcyI6ICJzdHJpbmcifX0sIHsibmFtZSI6ICJtIiwgInR5cGUiOiB7InR5cGUiOiAibWFwIiwgInZhbHVlcyI6ICJsb25nIn19LCB7Im5hbWUiOiAiYW55IiwgInR5cGUiOiBbIm51bGwiLCAic3RyaW5nIiwgImxvbmciXX0sIHsibmFtZSI6ICJ4IiwgInR5cGUiOiAiZG91YmxlIn0sIHsibmFtZSI6ICJ5IiwgInR5cGUiOiAiZmxvYXQifSwgeyJuYW1lIjogImIiLCAidHlwZSI6ICJieXRlcyJ9LCB7Im5hbWUiOiAib2siLCAidHlwZSI6ICJib29sZWFuIn0sIHsibmFtZSI6ICJzIiwgInR5cGUiOiBbIm51bGwiLCB7InR5cGUiOiAicmVjb3JkIiwgIm5hbWUiOiAiUyIsICJmaWVsZHMiOiBbeyJuYW1lIjogInAiLCAidHlwZSI6IHsidHlwZSI6ICJieXRlcyIsICJsb2dpY2FsVHlwZSI6ICJkZWNpbWFsIiwgInByZWNpc2lvbiI6IDEwLCAic2NhbGUiOiAyfX0sIHsibmFtZSI6ICJhdCIsICJ0eXBlIjogeyJ0eXBlIjogImxvbmciLCAibG9naWNhbFR5cGUiOiAidGltZXN0YW1wLW1pY3JvcyJ9fSwgeyJuYW1lIjogIm5leHQiLCAidHlwZSI6IFsibnVsbCIsICJTIl19XX1dfV19ADAxMjM0NTY3ODlhYmNkZWYEzgP+//////////8BABL/VKtWcxTg9S3/Q56yAf6P/PS+YwGCgImC4vWGBv7/ut2DBUgxMjNlNDU2Ny1lODliLTEyZDMtYTQ1Ni00MjY2MTQxNzQwMDACBATDqQAAAgJrAQACAjcAAAAAAAD4f83MzD0EAP8BAgL7gICJguL1hgYA////////////AQIOAgEAAAAAwILmAv/f5qLioByAgImC4vWGBv//3fLf/9/cAQBIMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwAAAABA4AAAAAAAAAgMrySXEAAAAwMTIzNDU2Nzg5YWJjZGVm",
);
const packed: Record<string, Buffer> = {
  deflate: file(
    "T2JqAQQUYXZyby5jb2RlYw5kZWZsYXRlFmF2cm8uc2NoZW1h1gF7InR5cGUiOiAicmVjb3JkIiwgIm5hbWUiOiAiUiIsICJmaWVsZHMiOiBbeyJuYW1lIjogImEiLCAidHlwZSI6ICJsb25nIn0sIHsibmFtZSI6ICJiIiwgInR5cGUiOiAic3RyaW5nIn1dfQAwMTIzNDU2Nzg5YWJjZGVmaLYCPcthBwJBFIXh61prrbVWkiRZSZIkSZIkWUmSJEmSJP2G8/ObmXtnvpz3fHmImBFFQBwDSBIzSFO7yDIX5LkURaEHNaozGkY1rWo51RbVUVV61Q2qR33GwKihVSOnxqImqqZezYKa04KxNGpl1dqpjaitqsqrXVB7OjCORp2sOjt1EXVVdfPqHtSDnoyXUW+rPk59Rf1U/QGQR2owMTIzNDU2Nzg5YWJjZGVmWqgCRcthB4JRDAXgnVeSJP3MJEmSSZIkSZIkSZIkSZIkSdJPa/du9777crYdT7nIOpWSLVylWsL1DHMjK1cz536tvHYFjXZQnai61EPCfYgbwMEhvBxB6RhmJwh4iqhnoLnwheNLz1fK18Y3gW8j36V8DzoIPzp+8vys/GL8Gvgt8nvKH6Cn8Jfjb88/yr/Gf4H/Aa/7bzAxMjM0NTY3ODlhYmNkZWYGJjvEyFcBAUcYBaCsimOMDAB4nAkwMTIzNDU2Nzg5YWJjZGVm",
  ),
  bzip2: file(
    "T2JqAQQUYXZyby5jb2RlYwpiemlwMhZhdnJvLnNjaGVtYdYBeyJ0eXBlIjogInJlY29yZCIsICJuYW1lIjogIlIiLCAiZmllbGRzIjogW3sibmFtZSI6ICJhIiwgInR5cGUiOiAibG9uZyJ9LCB7Im5hbWUiOiAiYiIsICJ0eXBlIjogInN0cmluZyJ9XX0AMDEyMzQ1Njc4OWFiY2RlZmjeAkJaaDkxQVkmU1mc/hyqAAAAf4B9VVVVVVVVVVVVVVVVAABAIACEIKjelAGgeoaaB6h6mmmnqafqYUGaqj2qAAAAAAAALxSyksuZVF+IABRCGDTQytFCIT7eXiy5S6WVOeqnq33bChja3JFsvVn1IeXWo+KXPhGXzgwSXPjOYxIzM5jEjM4lDIiIlDImNtQNggQIECbcgAAAab3p6k8qd9O21Xa/i7kinChITn8OVQAwMTIzNDU2Nzg5YWJjZGVmWuACQlpoOTFBWSZTWU917FIAADPh/H1VQAAAVVVVVVVVVVVVVVVAACAAiRW1UftVAaAaDQ0GmRpkaNqbJBIpRpo0AAAAAADEZNWwKAAOc9e+ShvKb1+knqs70/XUVNfb8a5tj3Pt6sSvsxkBHyAQD7AJWBM+rUs8FP+govXv3WTaBUWkKgxC+fUSomROj8iII42226bGxsbHJQkVBjJKlASSpQEkqUB/i7kinChIJ7r2KQAwMTIzNDU2Nzg5YWJjZGVmBmpCWmg5MUFZJlNZN5ZaWAAACGCEbAFAAABAFQAgACGhGNqEAMJGC+pUM1nC7kinChIG8stLADAxMjM0NTY3ODlhYmNkZWY=",
  ),
  snappy: file(
    "T2JqAQQUYXZyby5jb2RlYwxzbmFwcHkWYXZyby5zY2hlbWHWAXsidHlwZSI6ICJyZWNvcmQiLCAibmFtZSI6ICJSIiwgImZpZWxkcyI6IFt7Im5hbWUiOiAiYSIsICJ0eXBlIjogImxvbmcifSwgeyJuYW1lIjogImIiLCAidHlwZSI6ICJzdHJpbmcifV19ADAxMjM0NTY3ODlhYmNkZWZotAOxAlQAAAICeAQEeHgGBnh4eAgIeHh4eAoKAQYIeAwMBQcIeA4OCQgIeBAQDQkoeBIAFAJ4FgR4eBgBNgAaBTYAHAk2AB4NNgAgETYAIhU2JCQAJgJ4KAR4eCoBNgAsBTYALgk2ADANNgAyETYENBARbCQ2ADgCeDoEeHg8ATYAPgU2AEAJNgBCDTYARBE2CEYQeA0BJEgASgJ4TAR4eE4BNgBQBTYAUgk2AFQNNgBWETYAWBU2JFoAXAJ4XgR4eGABNgBiBTY4ZAp4eHh4eGYMeHh4eHh4njwBGzAxMjM0NTY3ODlhYmNkZWZalAOvAghoDngJAQRqEAkIRHh4bABuAnhwBHh4cgZ4eHh0CAEYBHYKAQYIeHgMCQcAehE2AHwVNjB+AIABAniCAQR4eIQBATkEhgEFOgiIAQoFNASKAQ08BIwBET0EjgEVPhyQAQCSAQJ4lAE/AJYFPwCYCT8Amg0/AJwRPwCeFT8AoBk/HKIBAKQBAnimAT8AqAU/AKoJPwCsDT8ArhE/ALAVPwCyGT8ctAEAtgECeLgBPwC6BT8AvAk/AL4NPyDAAQx4eHh4eHhLPduPMDEyMzQ1Njc4OWFiY2RlZgY2GAzCAQ54CQE0xAEQeHh4eHh4eHjGAQAalYuXMDEyMzQ1Njc4OWFiY2RlZg==",
  ),
};

describe("Avro", () => {
  test("every type is kept exactly", async () => {
    const table = await processOne({ files: { x: all } });
    expect(table.bad).toEqual([]);
    const types = table.columns.map(({ name, type }) => `${name} ${type}`);
    expect(types).toEqual([
      "l BIGINT",
      "i INTEGER",
      "d DECIMAL(20,4)",
      "f DECIMAL(8,0)",
      "day DATE",
      "ms TIMESTAMPTZ",
      "us TIMESTAMPTZ",
      "loc TIMESTAMP",
      "t TIME",
      "u UUID",
      "e VARCHAR",
      "tags VARCHAR[]",
      "m VARCHAR",
      "any VARCHAR",
      "x DOUBLE",
      "y FLOAT",
      "b VARCHAR",
      "ok BOOLEAN",
      's STRUCT("p" DECIMAL(10,2), "at" TIMESTAMPTZ, "next" VARCHAR)',
      "dt DATE",
    ]);
    expect(table.data).toMatchObject([
      {
        l: "9223372036854775807",
        i: null,
        d: "-1234567890123456.7891",
        f: "-12345678",
        day: "1969-12-31",
        ms: "2024-02-29 23:59:59.999+00",
        us: "1969-12-31 23:59:59.999999+00",
        loc: "2024-01-01 00:00:00.000001",
        t: "23:59:59.999999",
        u: "123e4567-e89b-12d3-a456-426614174000",
        e: "B",
        tags: ["é", ""],
        m: '{"k":-1}',
        any: "7",
        x: "NaN",
        y: Math.fround(0.1),
        b: "AP8=",
        ok: true,
        s: { p: "-0.05", at: "2024-01-01 00:00:00+00", next: null },
      },
      {
        l: "-9223372036854775808",
        i: 7,
        d: "0.0001",
        f: "0",
        day: "9999-12-31",
        ms: "0001-01-01 00:00:00+00",
        us: "2024-01-01 00:00:00+00",
        loc: "0001-01-01 00:00:00",
        t: "00:00:00",
        u: "00000000-0000-0000-0000-000000000000",
        e: "A",
        tags: [],
        m: "{}",
        any: "7",
        x: -0,
        y: Math.fround(1e30),
        b: "",
        ok: false,
        s: null,
      },
    ]);
  });

  test.each(Object.entries(packed))("%s", async (_, bytes) => {
    const table = await processOne({ files: { x: bytes } });
    expect(table.data.map(({ a, b }) => [Number(a), b])).toEqual(
      Array.from({ length: 100 }, (__, i) => [i, "x".repeat(i % 9)]),
    );
  });

  test.each(Object.entries(packed))(
    "%s that is cut anywhere, or has a wrong byte, is refused",
    async (_, bytes) => {
      for (const cut of [60, 200, bytes.length - 17, bytes.length - 1])
        await expect(processOne({ files: { x: bytes.subarray(0, cut) } })).rejects.toThrow(/"x"/);
      const wrong = Buffer.from(bytes);
      wrong[bytes.length - 40] = (wrong[bytes.length - 40] ?? 0) ^ 0xff;
      await expect(processOne({ files: { x: wrong } })).rejects.toThrow(/"x"/);
    },
  );

  test("a value that does not fit a declared type is kept as JSON", async () => {
    const table = await processOne({
      files: { x: packed.deflate as Buffer },
      config: { columns: { a: "TINYINT", b: "DATE" } },
    });
    expect(table.rowsOut).toBe(0);
    expect(table.bad[1]).toMatchObject({ line: "2", reason: "BAD_CAST:b", raw: '{"a":1,"b":"x"}' });
  });
});
