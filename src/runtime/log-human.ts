/** One readable line per record, for a terminal: time, level, event, fields. */
import { createColours } from './colours.ts';

const levelColours = {
  fatal: 'red',
  error: 'red',
  warn: 'yellow',
  info: 'green',
  debug: 'cyan',
  trace: 'gray',
} as const;

/** Formats one JSON record of ours. Control characters stay escaped, so a value cannot draw on the terminal. */
export function formatHuman(line: string, colour: boolean): string {
  const colours = createColours(colour);
  const { level, time, event, ...fields } = parse(line);
  const name = String(level);
  const paint = Object.hasOwn(levelColours, name) ? colours[levelColours[name as keyof typeof levelColours]] : String;
  const clock = colours.dim(String(time).slice(11, 23));
  const parts = Object.entries(fields).map(([field, value]) => `${colours.dim(`${field}=`)}${printable(value)}`);
  return `${[clock, paint(name.toUpperCase().padEnd(5)), escapeControls(String(event)), ...parts].join(' ')}\n`;
}

function parse(line: string): Record<string, unknown> {
  const record: unknown = JSON.parse(line);
  return typeof record === 'object' && record !== null ? { ...record } : {};
}

function printable(value: unknown): string {
  const text = typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  return escapeControls(text ?? 'undefined');
}

/** Escapes everything that moves a cursor, ends a line or turns the reading direction. */
export function escapeControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: matching them is the point
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
