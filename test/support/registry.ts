// A registry of images that can only be pulled from (the distribution specification's two questions), for podman on lab hosts.
// What is below `private/` nobody may have.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sha256 } from '../../src/core/json.ts';
import type { TinyImage } from './tiny-image.ts';

export interface Registry {
  readonly port: number;
  /** Digest of the manifest of an image, by which it is pulled. */
  add(name: string, image: TinyImage): string;
  stop(): Promise<void>;
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

export async function startRegistry(address: string): Promise<Registry> {
  const answers = new Map<string, { readonly type: string; readonly bytes: Uint8Array }>([
    ['/v2/', { type: 'application/json', bytes: Buffer.from('{}') }],
  ]);
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/v2/private/')) {
      response.writeHead(401, {
        'content-type': 'application/json',
        'www-authenticate': 'Basic realm="lab"',
      });
      response.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
      return;
    }
    const answer = answers.get(request.url ?? '');
    const type = answer?.type ?? 'application/json';
    response.writeHead(answer ? 200 : 404, { 'content-type': type });
    const missing = '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}';
    response.end(request.method === 'HEAD' ? undefined : (answer?.bytes ?? missing));
  });
  server.listen(0, address);
  await once(server, 'listening');
  const bound = server.address();
  return {
    port: isPort(bound) ? bound.port : 0,
    add: (name, { config, layer }) => {
      const put = (kind: string, type: string, bytes: Uint8Array): string => {
        const digest = `sha256:${sha256(bytes)}`;
        answers.set(`/v2/${name}/${kind}/${digest}`, { type, bytes });
        return digest;
      };
      const describe = (type: string, bytes: Uint8Array): object => {
        return {
          mediaType: type,
          digest: put('blobs', 'application/octet-stream', bytes),
          size: bytes.length,
        };
      };
      const manifest = {
        schemaVersion: 2,
        mediaType: MANIFEST,
        config: describe('application/vnd.oci.image.config.v1+json', config),
        layers: [describe('application/vnd.oci.image.layer.v1.tar', layer)],
      };
      return put('manifests', MANIFEST, Buffer.from(JSON.stringify(manifest)));
    },
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function isPort(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}
