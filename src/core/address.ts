// Addresses of resources: `host/kind/id`, and the part after the host, a Ref, for what stays on one host.
// An id may hold slashes and any other character; host and kind may not.

/** A resource on a host that is already known. */
export interface Ref {
  readonly kind: string;
  readonly id: string;
}

/** A resource anywhere. */
export interface Address extends Ref {
  readonly host: string;
}

export function formatRef(ref: Ref): string {
  return `${ref.kind}/${ref.id}`;
}

export function formatAddress(address: Address): string {
  return `${address.host}/${formatRef(address)}`;
}

export function parseRef(text: string): Ref | undefined {
  const match = /^([a-z][a-z0-9-]*)\/([^]+)$/.exec(text);
  return match?.[1] && match[2] ? { kind: match[1], id: match[2] } : undefined;
}

export function parseAddress(text: string): Address | undefined {
  const slash = text.indexOf('/');
  const ref = parseRef(text.slice(slash + 1));
  return slash > 0 && ref ? { host: text.slice(0, slash), ...ref } : undefined;
}
