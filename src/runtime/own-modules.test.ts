import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');

/** Runs code with our modules found by name, and tells what it printed. */
function run(code: string): string {
  const script = `
    import { findOwnModulesByName } from ${JSON.stringify(join(root, 'src/runtime/own-modules.ts'))};
    findOwnModulesByName();
    ${code}`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { cwd: root });
  return `${String(stdout)}${String(stderr)}`;
}

test('our modules and libraries are found, by import and by require', () => {
  const code = `
    const { default: pino } = await import('pino');
    const { createRouter } = await import('${root}/src/api/router.ts');
    console.log(typeof pino, typeof createRouter);`;
  assert.equal(run(code), 'function function\n');
});

test('a module of ours that is not there is named', () => {
  assert.match(run(`await import('${root}/src/core/../core/no-such-thing.ts')`), /no-such-thing\.ts/);
});

test('a start looks for its first module only: all others of ours are found by name', () => {
  // A hook that is there before ours is asked after it, so it hears of what ours left to others.
  const counting = `data:text/javascript,${encodeURIComponent(`
    import { registerHooks } from 'node:module';
    let looked = 0;
    registerHooks({ resolve(specifier, context, next) {
      if (specifier.startsWith('.') && (context.parentURL ?? '').includes('/src/')) looked += 1;
      return next(specifier, context);
    } });
    process.on('exit', () => console.log('looked', looked));`)}`;
  const args = ['--import', counting, join(root, 'bin/assetwire.js'), '--version'];
  const { stdout } = spawnSync(process.execPath, args, { cwd: root });
  const looked = Number(/looked (\d+)/.exec(String(stdout))?.[1]);
  assert.ok(looked <= 1, `${String(looked)} modules were looked for`);
});
