/** What the tests of guides share: the commands of a page, and a shell to type them into as they stand. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The repository: where a reader of the guides stands. */
const root = join(import.meta.dirname, '..', '..');

/** A page of the documentation, by its path from the repository's root. */
export function readPage(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}

/** The `sh` blocks of a page, in the order in which they stand. Blocks that are not to be typed are marked `bash`. */
export function typedBlocks(page: string): readonly string[] {
  return [...readPage(page).matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, code = '']) => code);
}

/**
 * To be typed first: from then on a refused request ends the shell, and shows the answer that says why. A page whose
 * own commands say `-fsS` is taken by its word. Each answer ends its line.
 */
export const strictly = `curl() {
  if [ "\${1-}" = -fsS ]; then command curl --max-time 60 "$@" && echo
  else command curl --silent --show-error --fail-with-body --max-time 60 "$@" && echo
  fi
}
`;

export type ShellOptions = {
  /** What the reader has set, as a page demands it: `ASSETWIRE_URL` is the server's, `ASSETWIRE_KEY` the tenant's. */
  readonly server: { readonly url: string };
  readonly tenant: { readonly key: string };
  /** Where the reader stands; the repository when absent. */
  readonly cwd?: string;
  /** More of the environment than the three variables that every page has. */
  readonly environment?: NodeJS.ProcessEnv;
};

/** How a shell ended: its exit code (null: by a signal, after four minutes), and everything that it showed. */
export type ShellEnd = { readonly code: number | null; readonly output: string };

/** Types a script into one shell, which ends at the first command that fails. */
export function typeScript(script: string, options: ShellOptions): Promise<ShellEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-euo', 'pipefail', '-s'], {
      cwd: options.cwd ?? root,
      timeout: 240_000,
      env: {
        PATH: process.env['PATH'],
        ASSETWIRE_URL: options.server.url,
        ASSETWIRE_KEY: options.tenant.key,
        ...options.environment,
      },
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString() }));
    child.stdin.end(script);
  });
}
