// Public keys and the lines that they stand on in authorized_keys (sshd(8), AUTHORIZED_KEYS FILE FORMAT). Pure.

const TYPES = [
  'ssh-ed25519',
  'ssh-rsa',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
];

/** Whether the bytes of a key name the type that stands before them (RFC 4253, section 6.6). */
export function isKey(text: string): boolean {
  const [type = '', blob = ''] = text.split(' ');
  const bytes = Buffer.from(blob, 'base64');
  if (!TYPES.includes(type) || bytes.toString('base64') !== blob || bytes.length < 4 + type.length + 4)
    return false;
  return bytes.readUInt32BE(0) === type.length && bytes.toString('latin1', 4, 4 + type.length) === type;
}

/** `key` is its type and its bytes. */
export function formatKeyLine(key: string, options: readonly string[], name: string): string {
  return [...(options.length > 0 ? [options.join(',')] : []), key, name].join(' ');
}
