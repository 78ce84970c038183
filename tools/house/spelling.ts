import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { proseOf } from './links.ts';
import { repositoryFiles } from './repository-files.ts';

/** Names of products, as their owners write them. */
const names = [
  'Assetwire',
  'Bambuser',
  'Brandfolder',
  'Bynder',
  'CloudEvents',
  'GitHub',
  'Grafana',
  'JavaScript',
  'OpenAPI',
  'OpenTelemetry',
  'PostgreSQL',
  'Prometheus',
  'Scaleflex',
  'SQLite',
  'TypeScript',
  'WoodWing',
];
const byLetters = new Map(names.map((name) => [name.toLowerCase(), name]));
/** Other words for a thing that has one. */
const otherWords = new Map([
  ['postgres', 'PostgreSQL'],
  ['woodwings', 'WoodWing'],
  ['javascripts', 'JavaScript'],
  ['git hub', 'GitHub'],
]);

/** Documents for people spell the names of products as their owners do. */
export async function checkSpelling(root: string): Promise<readonly string[]> {
  return repositoryFiles(root)
    .filter((file) => file.endsWith('.md') && existsSync(join(root, file)))
    .flatMap((file) => misspellings(file, readFileSync(join(root, file), 'utf8')));
}

/** What is misspelt in one document. Code, links and names within longer ones (`@assetwire/receiver`) are not prose. */
export function misspellings(file: string, markdown: string): readonly string[] {
  const prose = proseOf(markdown)
    .replaceAll(/\]\([^)]*\)/g, ']')
    .replaceAll(/<?https?:\S+/g, '');
  return [...prose.matchAll(/(?<![\w./@_-])[A-Za-z]+(?![\w/@_=-]|\.\w|:\/)/g)].flatMap(([word]) => {
    const wanted = byLetters.get(word.toLowerCase()) ?? otherWords.get(word.toLowerCase());
    return wanted === undefined || wanted === word ? [] : [`${file}: write "${wanted}", not "${word}"`];
  });
}
