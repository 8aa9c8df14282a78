import fc from "fast-check";
import { expect, test } from "vitest";
import { effectiveType } from "./sniff-type.ts";

const png = "\x89PNG\r\n\x1a\n\x00";

test.each([
  // No usable type: all that is known is looked for.
  ["", "\n <!doctype html><p>", "text/html"],
  ["", "<!-- a -->", "text/html"],
  ["", "<bold>", "text/plain"],
  ["", " <?xml version='1.0'?>", "text/xml"],
  ["", "%PDF-1.7", "application/pdf"],
  ["nonsense", png, "image/png"],
  ["", "\x1f\x8b\x08\x00", "application/x-gzip"],
  ["", "PK\x03\x04", "application/zip"],
  ["", "GIF89a\x01\x00", "image/gif"],
  ["", "\x00\x00\x00\x18ftypmp42", "video/mp4"],
  ["*/*", "words, only words", "text/plain"],
  ["", "\xfe\xff\x00a", "text/plain"],
  ["", "\x01\x02", "application/octet-stream"],
  // Types that cannot be true.
  ["text/html; charset=utf-8", "%PDF-1.4", "application/pdf"],
  ["text/css", png, "image/png"],
  ["application/octet-stream", "%PDF-1.4", "application/pdf"],
  ["application/octet-stream", "OTTO is a name", "application/octet-stream"],
  ["application/pdf", "<!DOCTYPE html><title>404", "text/html"],
  ["application/json", "\n<html>", "text/html"],
  ["image/png", "<html lang=en>", "text/html"],
  // Apache's text/plain.
  ["text/plain; charset=ISO-8859-1", "\x01\x02", "application/octet-stream"],
  ["text/plain", "ID3 is a tag format", "text/plain"],
  ["text/plain", "ID3\x03\x00", "audio/mpeg"],
  ["text/plain; charset=koi8-r", "\x01\x02", "text/plain; charset=koi8-r"],
  // Types that may be true.
  ["text/plain", "<!doctype html>", "text/plain"],
  ["application/xml", "<html>", "application/xml"],
  ["image/svg+xml", "<svg/>", "image/svg+xml"],
  ["application/vnd.x", "\x00", "application/vnd.x"],
  ["text/html", "", "text/html"],
  ["", "", ""],
])("%j of %j is %s", (header, body, type) => {
  expect(effectiveType(header, Buffer.from(body, "latin1"))).toBe(type);
});

test("nosniff holds for a type, not for the lack of one", () => {
  const pdf = Buffer.from("%PDF-1.4");
  expect(effectiveType("text/plain", pdf, "nosniff")).toBe("text/plain");
  expect(effectiveType("", pdf, "nosniff")).toBe("application/pdf");
});

test("sniffing settles: what it says is not sniffed into something else", () => {
  fc.assert(
    fc.property(fc.string(), fc.uint8Array({ minLength: 1 }), (header, body) => {
      const type = effectiveType(header, body);
      expect(effectiveType(type, body)).toBe(type);
    }),
  );
});
