import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAnchors } from './anchors.ts';
import { pathOfFile, resolveLink } from './paths.ts';
import { renderPage } from './render.ts';
import { suggestPaths } from '../suggest-paths.ts';

const served = (file: string): boolean =>
  ['docs/README.md', 'docs/guides/a.md', 'docs/guides/b.md', 'docs/decisions/README.md', 'README.md'].includes(file);
const render = (markdown: string) => renderPage({ file: 'docs/guides/a.md', markdown, served });

test('What is HTML in the Markdown is text on the page, and a link never runs anything', () => {
  const { html } = render(
    '# T\n\n<script>alert(1)</script> <b onclick=x>b</b>\n\n[x](javascript:alert(1)) [y](data:text/html,x) ![z](javascript:1)\n\n```js\n</code><script>\n```',
  );
  assert.doesNotMatch(html, /<script|<b |href="(javascript|data)|src="javascript/);
  assert.match(html, /&lt;script&gt;/);
});

test('No page needs an inline style or script, also not for coloured code', () => {
  const { html } = render('# T\n\n| a | b |\n| :-- | --- |\n| 1 | 2 |\n\n```ts\nconst a = "b"; // c\n```\n');
  assert.match(html, /<span class="hljs-string">/);
  assert.doesNotMatch(html, /style=/);
});

test('Headings get the ids that code hosts give them', () => {
  const anchors = createAnchors();
  assert.equal(anchors('In front: TLS, a proxy'), 'in-front-tls-a-proxy');
  assert.equal(anchors('`v1a` & Größe_x'), 'v1a--größe_x');
  assert.deepEqual([anchors('Again'), anchors('Again'), anchors('Again')], ['again', 'again-1', 'again-2']);
  const { headings, html } = render('# T\n\n## One `two`\n\n## One `two`\n');
  assert.deepEqual(
    headings.map(({ id }) => id),
    ['t', 'one-two', 'one-two-1'],
  );
  assert.match(html, /<h2 id="one-two-1">One <code>two<\/code> <a class="anchor" href="#one-two-1"/);
});

test('A link between files leads between pages; one to a file that is not served is text that names the file', () => {
  const { html } = render(
    '# T\n\n[b](b.md#x-y) [m](../README.md) [d](../decisions/) [r](../../README.md) [s](../../src/main.ts) [e](https://e.example/) [h](#t)',
  );
  for (const href of ['/docs/guides/b#x-y', '/docs', '/docs/decisions', '/docs/readme', 'https://e.example/', '#t']) {
    assert.ok(html.includes(`href="${href}"`), `${href} in ${html}`);
  }
  assert.match(html, /<span class="source" title="A file of the source: src\/main\.ts">s<\/span>/);
});

test('Nothing outside the documentation has a path', () => {
  for (const file of ['src/main.ts', 'docs/../src/main.ts', 'package.json', 'docs/x.html', '../docs/README.md']) {
    assert.equal(pathOfFile(file), null, file);
  }
  assert.equal(resolveLink('docs/guides/a.md', '../../../etc/passwd', () => true).kind, 'source');
});

test('A long name in code may break behind an underscore or a slash, and is otherwise as it was', () => {
  const { html, sections } = render('# T\n\n`A_LONG_NAME` `/v1/changes` `_x` `<b>`\n');
  assert.match(
    html,
    /<code>A_<wbr>LONG_<wbr>NAME<\/code> <code>\/v1\/<wbr>changes<\/code> <code>_x<\/code> <code>&lt;b&gt;</,
  );
  assert.equal(sections[0]?.text, 'A_LONG_NAME /v1/changes _x <b>');
});

test('Comments are left out and <br> in a table breaks the line', () => {
  const { html } = render('# T\n\n<!-- drawn: x -->\n\n| a |\n| --- |\n| 1<br>2 |\n\n<!-- end: x -->\n');
  assert.doesNotMatch(html, /drawn|&lt;br/);
  assert.match(html, /1<br>\s*2/);
});

test('The search hears of every section, with its code', () => {
  const { sections } = render('# T\n\nfirst\n\n## Two\n\nsecond **word**\n\n```sh\nnpm start\n```\n');
  assert.deepEqual(sections, [
    { id: '', heading: 'T', names: [], text: 'first' },
    { id: 'two', heading: 'Two', names: [], text: 'second word npm start' },
  ]);
});

test('The search hears which names a section defines: in cells of their own, and in bold before an item', () => {
  const table = '| a | b |\n| --- | --- |\n| `A_NAME` | 410 |\n| see `this` | 2 of them |\n';
  const { sections } = render(`# T\n\n${table}\n- **Again**: twice\n- no **name**\n`);
  assert.deepEqual(sections[0]?.names, ['A_NAME', '410', 'Again']);
});

test('Typing errors and half-remembered names find their page; what is like nothing finds none', () => {
  const titles = new Map([
    ['/docs/tutorial', 'Tutorial'],
    ['/docs/guides/rotate-a-secret', 'Rotate a signing secret'],
    ['/docs/reference/api', 'API'],
  ]);
  const first = (path: string): string | undefined => suggestPaths(path, titles)[0]?.[0];
  assert.equal(first('/docs/tutorail'), '/docs/tutorial');
  assert.equal(first('/docs/rotate-secrets'), '/docs/guides/rotate-a-secret');
  assert.equal(first('/docs/guides/signing'), '/docs/guides/rotate-a-secret');
  assert.equal(first('/docs/the-tutorail'), '/docs/tutorial');
  assert.equal(first('/docs/zzzzzzzz'), undefined);
  assert.equal(first('/docs/%'), undefined);
});
