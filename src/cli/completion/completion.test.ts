import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, after, test } from 'node:test';
import { inProcess } from '../testing/in-process.ts';

let directory = '';
const scripts = new Map<string, string>();

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'assetwire-completion-'));
  writeFileSync(join(directory, 'photo one.jpg'), '');
  writeFileSync(join(directory, 'other.txt'), '');
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, out, err } = await inProcess({}).run('completion', shell);
    assert.equal(code, 0, err);
    scripts.set(shell, out);
    writeFileSync(join(directory, `assetwire.${shell}`), out);
  }
});
after(() => rmSync(directory, { recursive: true, force: true }));

/** What a real bash offers for a line whose last word is being typed. */
function offered(...words: readonly string[]): readonly string[] {
  const program = `
    source assetwire.bash
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
    _assetwire 2>/dev/null
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const ran = spawnSync('bash', ['--norc', '-c', program, 'bash', 'assetwire', ...words], {
    cwd: directory,
    encoding: 'utf8',
  });
  assert.equal(ran.status, 0, ran.stderr);
  return ran.stdout.split('\n').filter((line) => line !== '');
}

test('bash offers commands, then subcommands, then options, and the choices of an option', () => {
  assert.deepEqual(offered('web'), ['webhooks']);
  assert.ok(offered('').includes('upload') && offered('').includes('completion'));
  assert.deepEqual(offered('webhooks', 'dr'), ['dry-run']);
  assert.deepEqual(offered('webhooks', 'create', '--dia'), ['--dialect']);
  assert.deepEqual(offered('deliveries', 'list', '--state', 'd'), ['delivered', 'dead']);
  assert.deepEqual(offered('trigger', 'asset.arch'), ['asset.archived']);
  assert.deepEqual(offered('completion', ''), ['bash', 'zsh', 'fish']);
  assert.deepEqual(offered('webhooks', 'list', '--limit', ''), [], 'a number cannot be guessed');
});

test('bash finds the command behind options and their values, and offers its options, not those of another', () => {
  assert.deepEqual(offered('upload', '--path', '/press', '--sk'), ['--skip']);
  assert.deepEqual(offered('replay', 'list', '--we'), []);
  assert.deepEqual(offered('replay', '--we'), ['--webhook']);
  assert.deepEqual(offered('keys', 'create', 'deliveries', '--da'), ['--days', '--data-dir']);
});

test('bash offers files where a file is wanted, names with blanks included', () => {
  assert.deepEqual(offered('upload', 'ph'), ['photo one.jpg']);
  assert.deepEqual(offered('verify', 'request', '--secret-file', 'ot'), ['other.txt']);
  assert.deepEqual(offered('webhooks', 'show', 'ph'), [], 'an id is no file');
});

test('every script knows every command, and shells that are here can read theirs', async (t) => {
  const help = (await inProcess({}).run('--help')).out;
  const names = [...help.matchAll(/^ {2}([a-z]+) {2,}/gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== 'help');
  assert.ok(names.length >= 20);
  for (const [shell, script] of scripts) {
    for (const name of names) assert.ok(new RegExp(`['( ]${name}[': )]`).test(script), `${shell} knows ${name}`);
    const check = { bash: ['-n'], zsh: ['-n'], fish: ['--no-execute'] }[shell] ?? [];
    const ran = spawnSync(shell, [...check, join(directory, `assetwire.${shell}`)], { encoding: 'utf8' });
    if (ran.error !== undefined) t.diagnostic(`${shell} is not here`);
    else assert.equal(ran.status, 0, `${shell}: ${ran.stderr}`);
  }
});
