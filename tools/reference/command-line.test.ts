import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createFullProgram } from '../../src/cli/program.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { exitCodeMeanings, exitCodes } from '../../src/cli/exit-codes.ts';
import { listCommands, withoutShared } from './command-line.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const page = readFileSync(join(root, 'docs/reference/cli.md'), 'utf8');

/** The sections of the page: words of the command → its text. */
const sections = new Map(
  [...page.matchAll(/^#{3,} ([a-z -]+)\n\n```text\n([^]*?)\n```/gm)].map(([, name = '', text = '']) => [name, text]),
);

test('every command has its section in the reference, and every section its command', async () => {
  const commands = await listCommands(root);
  const names = commands.map(({ words }) => words.join(' ')).filter((name) => name !== '');
  assert.ok(names.length > 50, `commands are found: ${names.length}`);
  assert.deepEqual([...sections.keys()], names);
});

test('every option stands in the section of its command or among those of most commands', async () => {
  const [, shared = ''] = page.split('## Options of most commands');
  const [sharedOptions = ''] = shared.split('## Commands');
  for (const { words, options } of await listCommands(root)) {
    if (words.length === 0) continue;
    const text = sections.get(words.join(' ')) ?? '';
    for (const { flags, summary } of options) {
      assert.notEqual(summary, '', `${words.join(' ')} ${flags.join(', ')} is described`);
      const flag = flags.at(-1) ?? '';
      assert.ok(text.includes(flag) || sharedOptions.includes(`${flag} `), `${words.join(' ')} ${flag}`);
    }
  }
});

test('every exit code has a row of its own, and no number stands for two things', () => {
  const rows = [...page.matchAll(/^\| (\d+) \| (.+) \|$/gm)].map(([, code, meaning]) => [Number(code), meaning]);
  const names = Object.keys(exitCodes) as (keyof typeof exitCodes)[];
  assert.deepEqual(
    rows,
    names.map((name) => [exitCodes[name], exitCodeMeanings[name]]),
  );
  assert.equal(new Set(Object.values(exitCodes)).size, names.length);
});

/** Splits a line as a POSIX shell does, as far as our examples go: what stands in quotes is one word. */
function shellWords(line: string): readonly string[] {
  const words = line.matchAll(/(?:[^\s'"]+|'[^']*'|"[^"]*")+/g);
  return [...words].map(([word]) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'));
}

test('every example is a command line that the program takes, and every command with an action of its own has one near', async () => {
  const output = { write: () => undefined, isTty: false, columns: 100, colour: false };
  const never = async (): Promise<never> => Promise.reject(new Error('not in this test'));
  let tried = 0;
  for (const [name, text] of sections) {
    for (const [, line = ''] of text.matchAll(/^ {2}\$ (assetwire .*)$/gm)) {
      const program = await createFullProgram({
        version: '0',
        environment: {},
        clock: systemClock,
        stdout: output,
        stderr: output,
        server: { start: never, checkStore: never },
        programDirectory: root,
      });
      let ran = 0;
      const disarm = (command: typeof program): void => {
        command.exitOverride().action(() => void (ran += 1));
        for (const one of command.commands) disarm(one);
      };
      for (const command of program.commands) disarm(command);
      await program.parseAsync([...shellWords(line).slice(1)], { from: 'user' });
      assert.equal(ran, 1, `${name}: ${line}`);
      tried += 1;
    }
  }
  assert.ok(tried > 30, `examples are found: ${tried}`);
  const commands = await listCommands(root);
  const without = commands
    .filter(({ words }) => words.length === 1)
    .filter(({ words }) => !/\nExamples:\n/.test(sections.get(words.join(' ')) ?? ''))
    .map(({ words }) => words.join(' '));
  assert.deepEqual(without, []);
});

test('what commands share is taken out of a help text, and nothing else', () => {
  const help =
    'Usage: x\n\nOptions:\n  --a\n\nWhich server, and how it answers:\n  --url\n  --json\n\nExamples:\n  $ x';
  assert.equal(withoutShared(help), 'Usage: x\n\nOptions:\n  --a\n\nExamples:\n  $ x');
  assert.equal(withoutShared('Usage: x'), 'Usage: x');
});
