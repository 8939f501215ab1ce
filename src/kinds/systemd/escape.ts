// Names of units that stand for paths (systemd.unit(5), String escaping for inclusion in unit names). Pure.

/** `/srv/my-data` is `srv-my\x2ddata`. */
export function escapePath(path: string): string {
  const bytes = new TextEncoder().encode(path.replace(/^\//, ''));
  const escaped = [...bytes].map((byte, index) => {
    const sign = String.fromCodePoint(byte);
    if (sign === '/') return '-';
    const plain = /[A-Za-z0-9:_.]/.test(sign) && !(index === 0 && sign === '.');
    return plain ? sign : `\\x${byte.toString(16).padStart(2, '0')}`;
  });
  return escaped.join('');
}
