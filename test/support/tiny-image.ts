// An image for podman of one small text file, made here byte by byte: the same on every machine, so that its id and its digest are known.
// What runs in it comes from its host, as a volume.
import { sha256 } from '../../src/core/json.ts';

export interface TinyImage {
  /** `sha256:…` of its configuration. */
  readonly id: string;
  /** As `podman load` takes it. */
  readonly archive: Uint8Array;
  readonly config: Uint8Array;
  readonly layer: Uint8Array;
}

const HERE = process.arch === 'x64' ? 'amd64' : process.arch;

export function tinyImage(text: string): TinyImage {
  return imageOf(tarOf({ 'etc/tiny': { bytes: Buffer.from(text), mode: 0o644 } }), HERE);
}

/** An image for another machine than this one, with a program of that machine at `/app`. */
export function foreignImage(): TinyImage {
  const [architecture, machine] = HERE === 'arm64' ? (['amd64', 62] as const) : (['arm64', 183] as const);
  return imageOf(tarOf({ app: { bytes: elfOf(machine), mode: 0o755 } }), architecture);
}

/** The header of a program and of one segment without bytes, which is all that is read of it before it is refused (elf(5)). */
function elfOf(machine: number): Uint8Array {
  const bytes = Buffer.alloc(120);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes.writeUInt16LE(2, 16);
  bytes.writeUInt16LE(machine, 18);
  bytes.writeUInt32LE(1, 20);
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(64, 52);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(1, 56);
  bytes.writeUInt32LE(1, 64);
  return bytes;
}

function imageOf(layer: Uint8Array, architecture: string): TinyImage {
  const config = Buffer.from(
    JSON.stringify({
      architecture,
      os: 'linux',
      config: { Env: ['PATH=/'] },
      rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
    }),
  );
  const id = sha256(config);
  const manifest = [{ Config: `${id}.json`, RepoTags: null, Layers: ['layer.tar'] }];
  const archive = tarOf({
    [`${id}.json`]: { bytes: config, mode: 0o644 },
    'layer.tar': { bytes: layer, mode: 0o644 },
    'manifest.json': { bytes: Buffer.from(JSON.stringify(manifest)), mode: 0o644 },
  });
  return { id: `sha256:${id}`, archive, config, layer };
}

interface Packed {
  readonly bytes: Uint8Array;
  readonly mode: number;
}

/** POSIX ustar (tar(5)): a header of 512 bytes a file, its bytes filled up to 512, and two empty blocks. */
function tarOf(files: Readonly<Record<string, Packed>>): Uint8Array {
  const blocks = Object.entries(files).flatMap(([name, { bytes, mode }]) => {
    const padding = Buffer.alloc((512 - (bytes.length % 512)) % 512);
    return [headerOf(name, bytes.length, mode), bytes, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

function headerOf(name: string, size: number, mode: number): Uint8Array {
  const header = Buffer.alloc(512);
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;
  header.write(name, 0);
  header.write(octal(mode, 7) + octal(0, 7) + octal(0, 7) + octal(size, 11) + octal(0, 11), 100);
  header.write('        0', 148);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}
