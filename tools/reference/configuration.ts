import { environmentName, flagName, otherVariables, settingRows } from '../../src/runtime/settings-table.ts';
import type { SettingRow } from '../../src/runtime/settings-table.ts';
import type { DrawnSection } from './sections.ts';
import { table } from './sections.ts';

const page = 'docs/reference/configuration.md';

function shownType(row: SettingRow): string {
  const { type } = row;
  switch (type.kind) {
    case 'integer':
      return `${type.min}–${type.max}${row.unit === undefined ? '' : ` ${row.unit}`}`;
    case 'choice':
      return type.of.map((choice) => `\`${choice}\``).join(', ');
    case 'bytes':
      return 'bytes';
    case 'targets':
      return 'targets, separated by commas';
    case 'ranges':
      return 'addresses or ranges, separated by commas';
    case 'listeners':
      return 'dialect=host:port, separated by commas';
    case 'address':
      return 'e-mail address';
    case 'smtp':
      return 'smtp or smtps URL';
    case 'proxy':
      return 'http or https URL';
    case 'pem':
      return 'private key (PEM)';
    case 'keys':
      return 'keys, separated by commas';
    case 'url':
    case 'path':
    case 'text':
      return type.kind;
    default:
      return type satisfies never;
  }
}

function drawSettings(rows: readonly SettingRow[]): string {
  return table(
    ['variable', 'flag', 'default', 'value', 'what it does'],
    rows.map((row) => [
      `\`${environmentName(row.name)}\``,
      // A secret on a command line is read by everybody who may list processes.
      row.secret === true ? 'none' : `\`${flagName(row.name)}\``,
      row.default === null ? '–' : row.default === '' ? 'none' : `\`${row.default}\``,
      shownType(row),
      `${row.summary}.${row.secret === true ? ` Secret; may be given as a file: \`${environmentName(row.name)}_FILE\`.` : ''}`,
    ]),
  );
}

const rows: readonly SettingRow[] = settingRows;

export const configurationSections: readonly DrawnSection[] = [
  {
    page,
    name: 'settings',
    draw: async () => drawSettings(rows),
  },
  {
    page,
    name: 'other variables',
    draw: async () =>
      table(
        ['variable', 'what it does'],
        Object.entries(otherVariables).map(([name, summary]) => [`\`${name}\``, `${summary}.`]),
      ),
  },
];
