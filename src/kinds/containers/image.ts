// Images as they are pinned: by the digest that a registry knows them by, or by their own id where they come in an archive. Pure.

/** With the name of its registry, and a digest; a tag beside it is for people. */
export const PINNED =
  /^(?:localhost|[a-z0-9][a-z0-9-]*(?:[.:][a-z0-9-]+)+)(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)+(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?@sha256:[0-9a-f]{64}$/;

/** The SHA-256 of the image's own configuration, which `podman images --no-trunc` shows. */
export const IMAGE_ID = /^sha256:[0-9a-f]{64}$/;

/** As podman takes it: no podman of Debian takes a tag together with a digest. */
export function imageRef(image: string): string {
  const at = image.indexOf('@');
  return at < 0 ? image : `${repositoryOf(image)}${image.slice(at)}`;
}

/** Without tag and digest. A colon before the last slash is that of a port. */
export function repositoryOf(name: string): string {
  const bare = name.split('@')[0] ?? '';
  const colon = bare.lastIndexOf(':');
  return colon > bare.lastIndexOf('/') ? bare.slice(0, colon) : bare;
}
