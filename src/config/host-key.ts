// A pinned host key as it is written in hosts.yml, checked by its form and by the type that its own bytes name
// (RFC 4253 §6.6: a length of four bytes, then the name of the type).

const TYPES = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'ssh-rsa'];

/** `type base64`, without the comment that may follow; undefined when it is not a key. */
export function parseHostKey(text: string): string | undefined {
  const [type = '', base64 = ''] = text.trim().split(/\s+/);
  if (!TYPES.includes(type) || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  const bytes = Buffer.from(base64, 'base64');
  const named = bytes.subarray(4, 4 + type.length).toString('latin1');
  const whole = bytes.length > 4 + type.length && bytes.readUInt32BE(0) === type.length && named === type;
  return whole && hasKeyLength(type, bytes.length) ? `${type} ${base64}` : undefined;
}

/** An ed25519 key has 32 bytes, with its own length before it (RFC 8709 §4); the others vary. */
function hasKeyLength(type: string, length: number): boolean {
  return type === 'ssh-ed25519' ? length === 51 : length >= 64;
}
