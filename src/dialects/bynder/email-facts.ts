/**
 * What a message says, as lines that people read: the same data as its JSON, in the same order, with the vendor's field names
 * as words. How Bynder words its mails is not specified by the vendor; this is Assetwire's.
 */
import { isList, isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';

/** A line, or the heading of lines. */
export type Fact = { readonly label: string; readonly value?: string; readonly indent: number };

const factsMax = 400;
const valueCharactersMax = 2_000;
const depthMax = 6;

/** At most `factsMax` lines; what is longer says so. */
export function factsOf(message: JsonObject): readonly Fact[] {
  const facts: Fact[] = [];
  for (const [name, value] of Object.entries(message)) addFacts(facts, { name, value, indent: 0 });
  if (facts.length <= factsMax) return facts;
  return [...facts.slice(0, factsMax), { label: `… and ${facts.length - factsMax} more`, indent: 0 }];
}

type Entry = { readonly name: string; readonly value: JsonValue; readonly indent: number };

function addFacts(facts: Fact[], { name, value, indent }: Entry): void {
  const label = labelOf(name);
  if (indent >= depthMax) {
    facts.push({ label, value: shown(JSON.stringify(value)), indent });
  } else if (isObject(value)) {
    const point = pointText(value);
    if (point !== null) {
      facts.push({ label, value: point, indent });
      return;
    }
    facts.push({ label, indent });
    for (const [inner, one] of Object.entries(value)) addFacts(facts, { name: inner, value: one, indent: indent + 1 });
  } else if (isList(value) && value.some(isObject)) {
    for (const [index, item] of value.entries()) addFacts(facts, { name: `${name} ${index + 1}`, value: item, indent });
  } else {
    facts.push({ label, value: textOf(name, value), indent });
  }
}

/** `dateCreated` → `Date created`; `property_Country` → `Country`. */
function labelOf(name: string): string {
  const bare = name.startsWith('property_') ? name.slice('property_'.length) : words(name);
  return shown(bare).slice(0, 200);
}

function words(name: string): string {
  const spaced = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase();
  return `${spaced.slice(0, 1).toUpperCase()}${spaced.slice(1)}`.replace(/\bid\b/i, 'ID');
}

/** Numbers in the payload that mean yes and no. */
const flags: ReadonlySet<string> = new Set(['limited', 'watermarked', 'archive', 'isPublic', 'active']);
const byteFields: ReadonlySet<string> = new Set(['fileSize', 'size']);

function textOf(name: string, value: JsonValue): string {
  if (value === null || value === '') return '–';
  if (flags.has(name) && (value === 0 || value === 1)) return value === 1 ? 'yes' : 'no';
  if (byteFields.has(name) && typeof value === 'number') return `${grouped(value)} bytes`;
  if (typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(value))
    return `${value.slice(0, 10)} ${value.slice(11, 19)} UTC`;
  if (isList(value)) return value.length === 0 ? '–' : shown(value.map((one) => plain(one)).join(', '));
  return shown(plain(value));
}

function plain(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Without `toLocaleString`: it may say something else on another machine. */
function grouped(value: number): string {
  return String(value).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}

function pointText(value: JsonObject): string | null {
  const [x, y] = [ownValue(value, 'x'), ownValue(value, 'y')];
  return typeof x === 'number' && typeof y === 'number' && Object.keys(value).length === 2 ? `${x}, ${y}` : null;
}

/** Anybody's text on one line: what would end it, or turn reading round, becomes a blank (HARDENING EM-05, EM-06). */
export function shown(text: string): string {
  const line = text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]+/gu, ' ')
    .trim();
  return line.length <= valueCharactersMax ? line : `${line.slice(0, valueCharactersMax)} …`;
}
