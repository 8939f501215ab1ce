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

export function tinyImage(text: string): TinyImage {
  const layer = tarOf({ 'etc/tiny': Buffer.from(text) });
  const config = Buffer.from(
    JSON.stringify({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config: { Env: ['PATH=/'] },
      rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
    }),
  );
  const id = sha256(config);
  const manifest = [{ Config: `${id}.json`, RepoTags: null, Layers: ['layer.tar'] }];
  const archive = tarOf({
    [`${id}.json`]: config,
    'layer.tar': layer,
    'manifest.json': Buffer.from(JSON.stringify(manifest)),
  });
  return { id: `sha256:${id}`, archive, config, layer };
}

/** POSIX ustar (tar(5)): a header of 512 bytes a file, its bytes filled up to 512, and two empty blocks. */
function tarOf(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const blocks = Object.entries(files).flatMap(([name, bytes]) => {
    const padding = Buffer.alloc((512 - (bytes.length % 512)) % 512);
    return [headerOf(name, bytes.length), bytes, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

function headerOf(name: string, size: number): Uint8Array {
  const header = Buffer.alloc(512);
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;
  header.write(name, 0);
  header.write(octal(0o644, 7) + octal(0, 7) + octal(0, 7) + octal(size, 11) + octal(0, 11), 100);
  header.write('        0', 148);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}
