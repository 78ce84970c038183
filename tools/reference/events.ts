import { changeKinds } from '../../src/core/change.ts';
import { dialects } from '../../src/compose/dialects.ts';
import type { Dialect } from '../../src/dialects/dialect.ts';
import type { DrawnSection } from './sections.ts';
import { table } from './sections.ts';

const page = 'docs/reference/events.md';
/** A change that every dialect tells and people ask for first. */
const exampleKind = 'asset.metadata_changed';

/** Every change kind, with what each dialect makes of it or why it makes nothing. */
async function drawKinds(): Promise<string> {
  return table(
    ['change kind', ...dialects.map(({ manifest }) => `\`${manifest.id}\``)],
    changeKinds.map((kind) => [
      `\`${kind}\``,
      ...dialects.map(({ events }) => {
        const row = events[kind];
        return 'notSupported' in row ? row.notSupported : row.map((name) => `\`${name}\``).join(', ');
      }),
    ]),
  );
}

function drawEvents({ manifest }: Dialect): string {
  return [
    `### ${manifest.title} (\`${manifest.id}\`)`,
    `${manifest.summary}. Signed: ${manifest.signing.summary}.`,
    table(
      ['event', 'when it fires'],
      manifest.events.map(({ name, fires }) => [`\`${name}\``, fires]),
    ),
  ].join('\n\n');
}

function drawExample({ manifest }: Dialect): string {
  const event = manifest.events.find(({ changeKinds: kinds }) => kinds.includes(exampleKind));
  if (event === undefined) return `### \`${manifest.id}\`\n\nTells nothing of ${exampleKind}.`;
  return `### \`${manifest.id}\`: ${event.name}\n\n\`\`\`json\n${JSON.stringify(event.example, null, 2)}\n\`\`\``;
}

export const eventSections: readonly DrawnSection[] = [
  { page, name: 'events', draw: async () => dialects.map(drawEvents).join('\n\n') },
  { page, name: 'example', draw: async () => dialects.map(drawExample).join('\n\n') },
  { page, name: 'kinds', draw: drawKinds },
];
