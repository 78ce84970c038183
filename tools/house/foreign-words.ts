import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryFiles } from './repository-files.ts';

/**
 * What belongs to one machine and not to the repository: absolute paths of a checkout or a home, package hosts in the
 * lockfile (they would send every user there), addresses of private networks in documents.
 */
const patterns: readonly { readonly what: string; readonly pattern: RegExp; readonly only?: RegExp }[] = [
  { what: 'an absolute path of one machine', pattern: /(?<![\w.$}])\/(?:home|Users|root|work)\/[a-z][\w.-]*/ },
  { what: 'a package host', pattern: /"resolved":\s*"https?:/, only: /package-lock\.json$/ },
  { what: 'a package host', pattern: /registry=https?:/, only: /\.npmrc$/ },
];

const readable =
  /\.(ts|js|cjs|mjs|json|md|html|css|sql|txt|yml|yaml|sh)$|(^|\/)(\.npmrc|\.gitignore|LICENSE|NOTICE)$|^\.ci\//;

export async function checkForeignWords(root: string): Promise<readonly string[]> {
  return repositoryFiles(root)
    .filter((file) => readable.test(file) && !file.startsWith('tools/house/foreign-words'))
    .flatMap((file) => {
      let text: string;
      try {
        text = readFileSync(join(root, file), 'utf8');
      } catch {
        // Deleted but not yet committed.
        return [];
      }
      return foreignWords(file, text);
    });
}

/** What one file says that only one machine understands. */
export function foreignWords(file: string, text: string): readonly string[] {
  const applicable = patterns.filter(({ only }) => only === undefined || only.test(file));
  return text
    .split('\n')
    .flatMap((line, index) =>
      applicable
        .filter(({ pattern }) => pattern.test(line))
        .map(({ what, pattern }) => `${file}:${index + 1}: ${what}: ${pattern.exec(line)?.[0] ?? ''}`),
    );
}
