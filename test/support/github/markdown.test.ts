import { expect, it } from 'vitest';
import { markdown } from './markdown.ts';

it.each([
  ['## Plan `7f3a9c`', '<h2>Plan <code>7f3a9c</code></h2>'],
  ['**bold** and _thin_ and ~~gone~~', '<p><strong>bold</strong> and <em>thin</em> and <del>gone</del></p>'],
  ['[log](https://example.com/x?a=1&b=2)', '<p><a href="https://example.com/x?a=1&amp;b=2">log</a></p>'],
  ['snake_case_name stays', '<p>snake_case_name stays</p>'],
  ['a \\* b \\| c', '<p>a * b | c</p>'],
  [
    '```diff\n-a\n+<b>\n```',
    '<pre class="code"><code><span class="del">-a</span>\n<span class="add">+&lt;b&gt;</span></code></pre>',
  ],
  ['- one\n- two\n  - deep', '<ul><li>one</li><li>two\n<ul><li>deep</li></ul></li></ul>'],
  [
    '- [x] done\n- [ ] open',
    '<ul><li><input type="checkbox" disabled checked> done</li><li><input type="checkbox" disabled> open</li></ul>',
  ],
  [
    '> [!WARNING]\n> hot',
    '<blockquote class="alert warning"><strong>Warning</strong><p>hot</p></blockquote>',
  ],
  [
    '<details><summary>More</summary>\n\n`x`\n\n</details>',
    '<details><summary>More</summary>\n<p><code>x</code></p>\n</details>',
  ],
  ['<details>\n`x`\n</details>', '<details>\n`x`\n</details>'],
  ['<!-- marker -->\ntext', '<p>text</p>'],
])('%j', (source, shown) => {
  expect(markdown(source).text).toBe(shown);
});

it('shows tables with their sides, and pipes inside of cells', () => {
  const { text } = markdown('| Host | n |\n|---|--:|\n| `a\\|b` | 1 |');
  expect(text).toContain('<th align="left">Host</th><th align="right">n</th>');
  expect(text).toContain('<td align="left"><code>a|b</code></td><td align="right">1</td>');
});

it.each([
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '[x](javascript:alert(1))',
  '<details onclick="alert(1)">',
  '`<script>`',
  '<div>\n<script>alert(1)</script>\n</div>',
  '[x](https://a.b"onclick="alert)',
])('lets nothing through: %s', (source) => {
  expect(markdown(source).text).not.toMatch(/<script|<img|href="javascript|<details on|" ?onclick/i);
});
