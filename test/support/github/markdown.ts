// Markdown as GitHub shows it, as far as comments and check runs of a bot need it; nothing gets through unescaped.
// As on GitHub, a block of HTML ends at a blank line, and Markdown inside it is only read after one.
import { Html, escapeHtml } from './html.ts';

const TAGS =
  'details|summary|table|thead|tbody|tr|th|td|p|br|hr|b|i|em|strong|code|pre|del|sub|sup|kbd|ul|ol|li|h[1-6]|blockquote|div|span';
const BLOCK_TAG =
  /^ {0,3}<\/?(?:details|summary|table|thead|tbody|tr|th|td|p|ul|ol|li|h[1-6]|blockquote|div|pre|hr)\b/i;
const ESCAPED_TAG = new RegExp(`&lt;(/?)(${TAGS})((?: (?:open|align=&quot;\\w+&quot;))*) ?(/?)&gt;`, 'gi');
const EMOJI: Readonly<Record<string, string>> = {
  eyes: '👀',
  rocket: '🚀',
  white_check_mark: '✅',
  x: '❌',
  warning: '⚠️',
  '+1': '👍',
};
const ALERT = /^\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*$/;
const ITEM = /^( *)([-*+]|\d+[.)])( +)(.*)$/;

function allowTags(escaped: string): string {
  return escaped.replaceAll(
    ESCAPED_TAG,
    (_, slash: string, tag: string, attributes: string, end: string) =>
      `<${slash}${tag}${attributes.replaceAll('&quot;', '"')}${end}>`,
  );
}

function safeUrl(url: string): string | undefined {
  return /^(https?:|mailto:|#|\/|\.)/i.test(url) ? url : undefined;
}

function link(label: string, url: string): string {
  const safe = safeUrl(url);
  return safe === undefined ? label : `<a href="${safe}">${label}</a>`;
}

/** Text between code spans, already escaped. */
function styled(escaped: string): string {
  return allowTags(escaped)
    .replaceAll(/!?\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^\s()]+)\)/g, (_, label: string, url: string) =>
      link(label, url),
    )
    .replaceAll(/(?<![\w"=>/])https?:\/\/[^\s<)]+[^\s<).,;:]/g, (url) => link(url, url))
    .replaceAll(/\*\*(\S(?:[^*]|\*(?!\*))*?)\*\*/g, '<strong>$1</strong>')
    .replaceAll(/(?<![\w*])\*(\S[^*]*?)\*(?![\w*])/g, '<em>$1</em>')
    .replaceAll(/(?<!\w)_(\S[^_]*?)_(?!\w)/g, '<em>$1</em>')
    .replaceAll(/~~(\S[^~]*?)~~/g, '<del>$1</del>')
    .replaceAll(/:([a-z_+0-9]+):/g, (all, name: string) => EMOJI[name] ?? all)
    .replaceAll(/(?<![\w/])@([a-z0-9][a-z0-9-]*(?:\/[a-z0-9-]+)?)/gi, '<strong>@$1</strong>');
}

function inline(source: string): string {
  const parts = source.replaceAll(/<!--[^]*?-->/g, '').split(/(`+)((?:(?!\1)[^])+?)\1(?!`)/);
  const shown: string[] = [];
  for (let at = 0; at < parts.length; at += 3) {
    const text = (parts[at] ?? '').replaceAll(
      /\\([!-/:-@[-`{-~])/g,
      (_, mark: string) => `\uE000${mark.charCodeAt(0)};`,
    );
    shown.push(
      styled(escapeHtml(text)).replaceAll(/\uE000(\d+);/g, (_, code: string) =>
        escapeHtml(String.fromCharCode(Number(code))),
      ),
    );
    const code = parts[at + 2];
    if (code !== undefined) shown.push(`<code>${escapeHtml(code.replaceAll(/^ (.*) $/g, '$1'))}</code>`);
  }
  return shown.join('');
}

function diffLine(line: string): string {
  const kind = line.startsWith('+')
    ? 'add'
    : line.startsWith('-')
      ? 'del'
      : line.startsWith('@@')
        ? 'hunk'
        : 'same';
  return `<span class="${kind}">${escapeHtml(line)}</span>`;
}

export function codeBlock(lines: readonly string[], language: string): string {
  const body = language === 'diff' ? lines.map(diffLine).join('\n') : escapeHtml(lines.join('\n'));
  return `<pre class="code"><code>${body}</code></pre>`;
}

function cells(row: string): string[] {
  const inner = row
    .trim()
    .replace(/^\|/, '')
    .replace(/(?<!\\)\|$/, '');
  return inner.split(/(?<!\\)\|/).map((cell) => inline(cell.trim().replaceAll('\\|', '|')));
}

function table(rows: readonly string[]): string {
  const [head = '', marks = '', ...body] = rows;
  const align = cells(marks).map((mark) =>
    mark.endsWith(':') ? (mark.startsWith(':') ? 'center' : 'right') : 'left',
  );
  const show = (row: string, tag: string): string => {
    const own = cells(row);
    return `<tr>${align.map((side, at) => `<${tag} align="${side}">${own[at] ?? ''}</${tag}>`).join('')}</tr>`;
  };
  return `<table><thead>${show(head, 'th')}</thead><tbody>${body.map((row) => show(row, 'td')).join('')}</tbody></table>`;
}

function takeWhile(lines: readonly string[], from: number, test: (line: string) => boolean): number {
  let at = from;
  while (at < lines.length && test(lines[at] ?? '')) at += 1;
  return at;
}

function itemHtml(lines: readonly string[]): string {
  const task = /^\[([ xX])\] /.exec(lines[0] ?? '');
  const body = task === null ? lines : [(lines[0] ?? '').slice(4), ...lines.slice(1)];
  const box = task === null ? '' : `<input type="checkbox" disabled${task[1] === ' ' ? '' : ' checked'}> `;
  const loose = body.some((line, at) => line === '' && at < body.length - 1);
  const shown = blocks(body);
  return `<li>${box}${loose ? shown : shown.replaceAll(/<\/?p>/g, '')}</li>`;
}

function listBlock(lines: readonly string[], from: number): { text: string; next: number } {
  const first = ITEM.exec(lines[from] ?? '');
  const indent = first?.[1]?.length ?? 0;
  const ordered = /\d/.test(first?.[2] ?? '');
  const items: string[][] = [];
  let width = 0;
  let at = from;
  for (; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const item = ITEM.exec(line);
    if (item !== null && item[1]?.length === indent && /\d/.test(item[2] ?? '') === ordered) {
      width = indent + (item[2]?.length ?? 1) + (item[3]?.length ?? 1);
      items.push([item[4] ?? '']);
    } else if (line.trim() === '') {
      if (!/^ {2,}\S/.test(lines[at + 1] ?? '') && ITEM.exec(lines[at + 1] ?? '') === null) break;
      items.at(-1)?.push('');
    } else if (/^ +/.test(line) && line.search(/\S/) > indent)
      items.at(-1)?.push(line.slice(Math.min(width, line.search(/\S/))));
    else break;
  }
  const tag = ordered ? 'ol' : 'ul';
  return { text: `<${tag}>${items.map(itemHtml).join('')}</${tag}>`, next: at };
}

function quote(lines: readonly string[]): string {
  const inner = lines.map((line) => line.replace(/^ {0,3}> ?/, ''));
  const kind = ALERT.exec(inner[0] ?? '')?.[1]?.toLowerCase();
  if (kind === undefined) return `<blockquote>${blocks(inner)}</blockquote>`;
  return `<blockquote class="alert ${kind}"><strong>${kind[0]?.toUpperCase()}${kind.slice(1)}</strong>${blocks(inner.slice(1))}</blockquote>`;
}

function isTable(lines: readonly string[], at: number): boolean {
  return (
    (lines[at] ?? '').includes('|') &&
    /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/.test(lines[at + 1] ?? '') &&
    (lines[at + 1] ?? '').includes('-')
  );
}

function startsBlock(lines: readonly string[], at: number): boolean {
  const line = lines[at] ?? '';
  return (
    line.trim() === '' || /^(#{1,6} |```|~~~| {0,3}>)/.test(line) || ITEM.test(line) || BLOCK_TAG.test(line)
  );
}

/** One block from `at` on, and where the next begins. */
function block(lines: readonly string[], at: number): { text: string; next: number } {
  const line = lines[at] ?? '';
  const fence = /^ {0,3}(`{3,}|~{3,})\s*(\S*)/.exec(line);
  if (fence !== null) {
    const mark = fence[1] ?? '```';
    const end = takeWhile(lines, at + 1, (each) => !each.trimStart().startsWith(mark));
    return { text: codeBlock(lines.slice(at + 1, end), fence[2] ?? ''), next: end + 1 };
  }
  const heading = /^(#{1,6}) +(.*?)(?: +#+)?$/.exec(line);
  if (heading !== null)
    return {
      text: `<h${heading[1]?.length}>${inline(heading[2] ?? '')}</h${heading[1]?.length}>`,
      next: at + 1,
    };
  if (/^ {0,3}([-*_])( *\1){2,} *$/.test(line)) return { text: '<hr>', next: at + 1 };
  if (/^ {0,3}>/.test(line)) {
    const end = takeWhile(lines, at, (each) => /^ {0,3}>/.test(each));
    return { text: quote(lines.slice(at, end)), next: end };
  }
  if (BLOCK_TAG.test(line)) {
    const end = takeWhile(lines, at, (each) => each.trim() !== '');
    return { text: allowTags(escapeHtml(lines.slice(at, end).join('\n'))), next: end };
  }
  if (isTable(lines, at)) {
    const end = takeWhile(lines, at, (each) => each.includes('|'));
    return { text: table(lines.slice(at, end)), next: end };
  }
  if (ITEM.test(line)) return listBlock(lines, at);
  let end = at + 1;
  while (end < lines.length && !startsBlock(lines, end) && !isTable(lines, end)) end += 1;
  return { text: `<p>${inline(lines.slice(at, end).join('\n')).replaceAll('\n', '<br>\n')}</p>`, next: end };
}

function blocks(lines: readonly string[]): string {
  const shown: string[] = [];
  for (let at = 0; at < lines.length;) {
    if ((lines[at] ?? '').trim() === '') at += 1;
    else {
      const { text, next } = block(lines, at);
      shown.push(text);
      at = next;
    }
  }
  return shown.join('\n');
}

export function markdown(source: string): Html {
  return new Html(
    blocks(
      source
        .replaceAll('\r\n', '\n')
        .replaceAll(/^<!--[^]*?-->\n?/gm, '')
        .split('\n'),
    ),
  );
}
