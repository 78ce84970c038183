import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { unsafeSettings } from '../../src/cli/doctor/unsafe-settings.ts';
import { defaultSettings } from '../../src/runtime/configuration.ts';
import { environmentName, settingRows } from '../../src/runtime/settings-table.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const shipped = globSync('{src,bin}/**/*.{ts,js}', { cwd: root }).filter(
  (file) => !/\.test\.ts$|(^|\/)(testing|fixtures)\//.test(file),
);

/** What of the environment is read beside the settings, which are all in one documented table; by whom. */
const others: Readonly<Record<string, string>> = {
  PATH: 'where a child process, or a film tool, is found',
  NO_COLOR: 'how a terminal is written to',
  NODE_TLS_REJECT_UNAUTHORIZED: 'warned of at the start, and without effect on what goes out',
  NODE_OPTIONS: 'the same',
};

/** What of the environment a source reads by name. */
function namesIn(source: string): readonly string[] {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  const read = /(?:process\.env|environment)(?:\[['"]([A-Z][A-Z0-9_]*)['"]\]|\??\.([A-Z][A-Z0-9_]*)\b)/g;
  return [...code.matchAll(read)].map(([, quoted, dotted]) => quoted ?? dotted ?? '');
}

const dataDir = 'data';

test('SC-14 nothing that ships is switched by a variable that is no documented setting: no faults, no test mode', () => {
  const settings = new Set(settingRows.flatMap(({ name }) => [environmentName(name), `${environmentName(name)}_FILE`]));
  assert.deepEqual(namesIn(`if (process.env['FAULT'] || environment.NODE_ENV === 'test') {}`), ['FAULT', 'NODE_ENV']);
  const strange = shipped.flatMap((file) =>
    namesIn(readFileSync(join(root, file), 'utf8'))
      .filter((name) => !settings.has(name) && !(name in others) && !clientVariables.has(name))
      .map((name) => `${file}: ${name}`),
  );
  assert.deepEqual(strange, []);
  const spoken = shipped.filter((file) =>
    /\bNODE_ENV\b|\bFAULT(?:S|_[A-Z]+)?\b\s*[=\]]/.test(readFileSync(join(root, file), 'utf8')),
  );
  assert.deepEqual(spoken, [], 'one way to run, whatever the machine is called');
  assert.deepEqual(
    defaultSettings({ dataDir }).allowedTargets,
    [],
    'inner addresses are closed until somebody opens them',
  );
  const opened = unsafeSettings({ settings: defaultSettings({ dataDir, allowedTargets: ['0.0.0.0/0'] }) });
  assert.ok(
    opened.some(({ detail }) => detail.includes('ASSETWIRE_ALLOWED_TARGETS')),
    'and every start says so',
  );
  assert.ok(shipped.length > 500, `${shipped.length} files were read`);
});

/** Of commands that ask a server or look at a file, not of the server. */
const clientVariables: ReadonlySet<string> = new Set([
  'ASSETWIRE_URL',
  'ASSETWIRE_KEY',
  'ASSETWIRE_KEY_FILE',
  'ASSETWIRE_SECRET',
]);
