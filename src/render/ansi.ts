// Colours of a terminal, or none at all.
export type Paint = (style: keyof typeof STYLES, text: string) => string;

const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 } as const;
const ESC = '\u001B';

export function paintWith(color: boolean): Paint {
  return (style, text) => (color ? `${ESC}[${STYLES[style]}m${text}${ESC}[0m` : text);
}
