/** Every text of the console is in its catalogue, and every text of the catalogue is shown somewhere. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import ts from 'typescript';
import { changeKinds } from '../../src/core/change.ts';
import { kindWords } from '../../console/src/words/english-kinds.ts';
import { auditWords } from '../../console/src/words/english-audit.ts';

const root = join(import.meta.dirname, '..', '..', 'console', 'src');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name))
  .map((name) => ({
    name,
    source: ts.createSourceFile(name, readFileSync(join(root, name), 'utf8'), ts.ScriptTarget.Latest, true),
  }));
const catalogues = files.filter(({ name }) => /^words[\\/]english/.test(name));
const pages = files.filter(({ name }) => !/^words[\\/]/.test(name));

/** Paths of all texts, such as `webhook.tabs.overview`. */
function textsOf(source: ts.SourceFile): string[] {
  const found: string[] = [];
  const walk = (node: ts.Expression, path: readonly string[]): void => {
    const inner = ts.isAsExpression(node) || ts.isSatisfiesExpression(node) ? node.expression : node;
    if (!ts.isObjectLiteralExpression(inner)) {
      found.push(path.join('.'));
      return;
    }
    for (const property of inner.properties) {
      if (!ts.isPropertyAssignment(property)) continue;
      const { name } = property;
      walk(property.initializer, [
        ...path,
        ts.isIdentifier(name) || ts.isStringLiteralLike(name) ? name.text : name.getText(),
      ]);
    }
  };
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { initializer } of statement.declarationList.declarations)
      if (initializer !== undefined && ts.isObjectLiteralExpression(initializer)) walk(initializer, []);
  }
  return found;
}

/** What pages take out of the catalogue: a text, or a group of them that is looked into by name. */
function usesOf(source: ts.SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const path = pathOf(node);
    if (path === null) return ts.forEachChild(node, visit);
    found.push(path.join('.'));
    // What stands in brackets may use others.
    if (ts.isElementAccessExpression(node)) visit(node.argumentExpression);
  };
  ts.forEachChild(source, visit);
  return found;
}

function pathOf(node: ts.Node): readonly string[] | null {
  if (ts.isIdentifier(node)) return node.text === 'words' && !ts.isImportSpecifier(node.parent) ? [] : null;
  if (ts.isPropertyAccessExpression(node)) {
    const before = pathOf(node.expression);
    return before === null ? null : [...before, node.name.text];
  }
  // Beyond a name that is only known later, the whole group counts.
  return ts.isElementAccessExpression(node) ? pathOf(node.expression) : null;
}

test('every text of the catalogue is shown', () => {
  const uses = new Set(pages.flatMap(({ source }) => usesOf(source)));
  const isUsed = (text: string): boolean => {
    const parts = text.split('.');
    return (
      parts.some((_, at) => at > 0 && uses.has(parts.slice(0, at).join('.'))) ||
      [...uses].some((use) => use === text || use.startsWith(`${text}.`))
    );
  };
  const texts = catalogues.flatMap(({ source }) => textsOf(source));
  assert.ok(texts.length > 500, `only ${texts.length} texts were found`);
  assert.deepEqual(
    texts.filter((text) => !isUsed(text)),
    [],
  );
});

/** Attributes that people read or hear. */
const spoken: ReadonlySet<string> = new Set(['label', 'title', 'hint', 'alt', 'aria-label', 'lead', 'action', 'unit']);
/** The name of the product, and signs of percentiles, are the same in every language. */
const sameEverywhere: ReadonlySet<string> = new Set(['Assetwire', 'UTC', 'p50', 'p95', 'p99', 'Ctrl K']);

test('no text is written into a page', () => {
  const written: string[] = [];
  for (const { name, source } of pages) {
    const note = (text: string): void => {
      const read = text.trim();
      if (/\p{L}{2}/u.test(read) && !sameEverywhere.has(read)) written.push(`${name}: ${read}`);
    };
    const visit = (node: ts.Node): void => {
      if (ts.isJsxText(node)) note(node.text);
      if (ts.isJsxAttribute(node) && spoken.has(node.name.getText()) && node.initializer !== undefined) {
        if (ts.isStringLiteral(node.initializer)) note(node.initializer.text);
      }
      if (ts.isJsxExpression(node) && node.expression !== undefined && ts.isStringLiteralLike(node.expression)) {
        const of = ts.isJsxAttribute(node.parent) ? node.parent.name.getText() : null;
        if (of === null || spoken.has(of)) note(node.expression.text);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  assert.deepEqual(written, []);
});

test('whatever can happen has words, and none has words that cannot', () => {
  assert.deepEqual(Object.keys(kindWords.kinds), [...changeKinds]);
});

test('whatever the server writes into the audit has words, and none has words that it does not write', () => {
  const server = join(import.meta.dirname, '..', '..', 'src');
  const written = readdirSync(server, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(server, name), 'utf8'))
    .join('\n');
  const actions = [...written.matchAll(/action: '([a-z_]+\.[a-z_]+)'/g)].map(([, action = '']) => action);
  assert.ok(actions.length > 50, 'actions are found');
  const spoken = Object.keys(auditWords.audit.actions);
  assert.deepEqual([...new Set(actions)].filter((action) => !spoken.includes(action)).toSorted(), []);
  const unwritten = spoken.filter((action) => {
    const [, end = ''] = action.split('.');
    return !written.includes(`'${action}'`) && !written.includes(`'${end}'`);
  });
  assert.deepEqual(unwritten, []);
});
