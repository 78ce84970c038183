/**
 * `npm run console`, and by itself after every `npm install`: builds the console into `console/dist`, from where the server
 * serves it. An installation without development packages has no tool to build with and needs none: what is published holds
 * the build.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

if (existsSync(join(root, 'node_modules', 'vite'))) {
  const { build } = await import('vite');
  await build({ root: import.meta.dirname, logLevel: 'warn' });
} else console.log('The console is not built: its development packages are not installed');
