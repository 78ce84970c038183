import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filesOf } from './dropped-files.ts';

type Tree = { readonly [name: string]: Tree | null };

/** What a browser gives for a tree: names with children are folders, read two entries at a time. */
function entry(name: string, children: Tree | null): FileSystemEntry {
  if (children === null)
    return {
      name,
      isFile: true,
      isDirectory: false,
      file: (done: (file: File) => void) => done(new File(['x'], name)),
    } as unknown as FileSystemEntry;
  const left = Object.entries(children).map(([child, below]) => entry(child, below));
  return {
    name,
    isFile: false,
    isDirectory: true,
    createReader: () => ({
      readEntries: (done: (some: readonly FileSystemEntry[]) => void) => done(left.splice(0, 2)),
    }),
  } as unknown as FileSystemEntry;
}

const dropped = (tree: Tree): DataTransfer => {
  const files = Object.keys(tree).map((name) => new File(['x'], name));
  const items = Object.entries(tree).map(([name, below]) => ({ webkitGetAsEntry: () => entry(name, below) }));
  return { files, items } as unknown as DataTransfer;
};
const found = async (tree: Tree) => (await filesOf(dropped(tree))).map(({ file, below }) => [below, file.name]);

test('files that are dropped by themselves are taken as they are', async () => {
  assert.deepEqual(await found({ 'one.jpg': null, 'two.jpg': null }), [
    ['', 'one.jpg'],
    ['', 'two.jpg'],
  ]);
});

test('a folder that is dropped keeps its shape, without what systems leave in it', async () => {
  const spring = { 'a.jpg': null, '.DS_Store': null, 'b.jpg': null, hero: { 'c.jpg': null }, empty: {} };
  assert.deepEqual(await found({ spring, 'loose.jpg': null }), [
    ['', 'loose.jpg'],
    ['spring', 'a.jpg'],
    ['spring', 'b.jpg'],
    ['spring/hero', 'c.jpg'],
  ]);
});
