// How the demo writes on a terminal: headings, lines, and GitHub's Markdown with its folds closed.

export function title(text: string): void {
  console.log(`\n\x1b[1m== ${text}\x1b[0m`);
}

export function say(text: string): void {
  console.log(text);
}

/** Markdown as a page shows it at first: of a fold only its summary, without tags. Indented, to tell it from the demo's words. */
export function shownMarkdown(body: string): string {
  let depth = 0;
  const lines: string[] = [];
  for (const line of body.split('\n')) {
    const opens = (line.match(/<details>/g) ?? []).length;
    const closes = (line.match(/<\/details>/g) ?? []).length;
    const summary = /<summary>(.*?)<\/summary>/.exec(line)?.[1];
    if (summary !== undefined && depth + opens === 1) lines.push(`▸ ${summary}`);
    else if (depth === 0 && opens === 0) lines.push(line);
    depth += opens - closes;
  }
  const text = lines
    .join('\n')
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/\n{3,}/g, '\n\n');
  return text.replaceAll(/^/gm, '    ');
}
