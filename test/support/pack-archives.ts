// ZIP and tar archives made for tests, with any fault that a test wants.
import { crc32, deflateRawSync } from "node:zlib";

export type Member = {
  name: string;
  data: Buffer | string;
  /** Stored instead of deflated. */
  stored?: boolean;
  /** Told in place of the true one. */
  crc?: number;
  flags?: number;
};

/** A ZIP archive by APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16. */
export function zipOf(members: readonly Member[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, data, stored = false, crc, flags = 0x800 } of members) {
    const bytes = Buffer.from(data);
    const packed = stored ? bytes : deflateRawSync(bytes);
    const about = Buffer.alloc(26);
    about.writeUInt16LE(20, 0);
    about.writeUInt16LE(flags, 2);
    about.writeUInt16LE(stored ? 0 : 8, 4);
    about.writeUInt32LE(crc ?? crc32(bytes), 10);
    about.writeUInt32LE(packed.length, 14);
    about.writeUInt32LE(bytes.length, 18);
    about.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from("PK\u0003\u0004"), about, Buffer.from(name), packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.from("PK\u0001\u0002\u0014\u0000"), about, rest, Buffer.from(name));
    parts.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, central, end]);
}

/** A ustar archive; names of over 100 bytes get a pax header. */
export function tarOf(
  members: readonly { name: string; data: Buffer | string; type?: string }[],
): Buffer {
  const blocks = members.flatMap(({ name, data, type = "0" }) => {
    const bytes = Buffer.from(data);
    if (Buffer.byteLength(name) <= 100) return [header(name, bytes.length, type), padded(bytes)];
    const field = ` path=${name}\n`;
    const size = Buffer.byteLength(field);
    const length = size + String(size + 3).length;
    const pax = Buffer.from(`${length}${field}`);
    return [
      header("pax", pax.length, "x"),
      padded(pax),
      header(name.slice(0, 50), bytes.length, type),
      padded(bytes),
    ];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

const padded = (bytes: Buffer) =>
  Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);

function header(name: string, size: number, type: string): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0);
  block.write("0000644\0", 100);
  block.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  block.write("        ", 148);
  block.write(type, 156);
  block.write("ustar\u000000", 257);
  const sum = block.reduce((all, byte) => all + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}
