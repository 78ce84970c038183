import { changeKinds } from '../../src/core/change.ts';
import { events } from '../../src/dialects/standard/events.ts';
import { manifest } from '../../src/dialects/standard/manifest.ts';
import type { DrawnSection } from './sections.ts';
import { table } from './sections.ts';

const page = 'docs/reference/events.md';

async function drawKinds(): Promise<string> {
  return table(
    ['change kind', 'event of the standard dialect'],
    changeKinds.map((kind) => {
      const row = events[kind];
      return [`\`${kind}\``, 'notSupported' in row ? row.notSupported : row.map((name) => `\`${name}\``).join(', ')];
    }),
  );
}

async function drawEvents(): Promise<string> {
  return table(
    ['event', 'when it fires'],
    manifest.events.map(({ name, fires }) => [`\`${name}\``, fires]),
  );
}

async function drawExample(): Promise<string> {
  const event = manifest.events.find(({ name }) => name === 'asset.metadata_changed');
  if (event === undefined) throw new Error('The standard dialect has no event asset.metadata_changed');
  return `\`\`\`json\n${JSON.stringify(event.example, null, 2)}\n\`\`\``;
}

export const eventSections: readonly DrawnSection[] = [
  { page, name: 'events', draw: drawEvents },
  { page, name: 'example', draw: drawExample },
  { page, name: 'kinds', draw: drawKinds },
];
