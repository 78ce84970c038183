/**
 * Embedded metadata as it is kept: plain JSON of bounded size. What a file says of itself is written by anybody, and it is
 * copied into changes and shown to people, so it is bounded where it is read and once more where it is taken over
 * (HARDENING UP-07, UP-08, UP-21).
 */
import type { JsonObject, JsonValue } from '../core/json.ts';
import { limits } from '../core/limits.ts';

const nameForm = /^[\p{L}\p{N}©][\p{L}\p{N} ._:/()©-]{0,63}$/u;
/** Controls that no text needs, line ends and tabs aside. */
const controls = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g;
const depthMax = 4;
const itemsMax = 100;

type Budget = { fields: number; bytes: number; cut: boolean };

/**
 * A copy that holds: at most `embeddedFieldsMax` fields, texts of at most `embeddedTextBytesMax` bytes without controls,
 * lists of 100, four levels, finite numbers, and no more than `embeddedBytesMax` in all. Where something was left out or
 * shortened, the copy says `cut: true`. Undefined where nothing is left.
 */
export function boundEmbedded(value: unknown): JsonObject | undefined {
  const budget: Budget = { fields: limits.embeddedFieldsMax, bytes: limits.embeddedBytesMax, cut: false };
  const bounded = boundObject(value, budget, 0);
  if (bounded === undefined) return undefined;
  return budget.cut ? { ...bounded, cut: true } : bounded;
}

function boundObject(value: unknown, budget: Budget, depth: number): JsonObject | undefined {
  if (typeof value !== 'object' || value === null || depth >= depthMax) return undefined;
  const fields: [string, JsonValue][] = [];
  for (const [name, given] of Object.entries(value)) {
    if (given === undefined || given === null) continue;
    if (!nameForm.test(name) || name === 'constructor') {
      budget.cut = true;
      continue;
    }
    if (budget.fields <= 0 || budget.bytes <= 0) {
      budget.cut = true;
      break;
    }
    budget.bytes -= name.length + 4;
    const bounded = boundValue(given, budget, depth + 1);
    if (bounded === undefined) continue;
    if (typeof bounded !== 'object' || Array.isArray(bounded)) budget.fields -= 1;
    fields.push([name, bounded]);
  }
  return fields.length === 0 ? undefined : Object.fromEntries(fields);
}

function boundValue(value: unknown, budget: Budget, depth: number): JsonValue | undefined {
  switch (typeof value) {
    case 'string':
      return boundText(value, budget);
    case 'number':
      budget.bytes -= 12;
      return Number.isFinite(value) ? value : undefined;
    case 'boolean':
      budget.bytes -= 5;
      return value;
    default:
      return Array.isArray(value) ? boundList(value, budget, depth) : boundObject(value, budget, depth);
  }
}

function boundList(value: readonly unknown[], budget: Budget, depth: number): JsonValue | undefined {
  if (depth >= depthMax) return undefined;
  if (value.length > itemsMax) budget.cut = true;
  const items: JsonValue[] = [];
  for (const item of value.slice(0, itemsMax)) {
    if (budget.bytes <= 0) {
      budget.cut = true;
      break;
    }
    const bounded = boundValue(item, budget, depth + 1);
    if (bounded !== undefined) items.push(bounded);
  }
  return items.length === 0 ? undefined : items;
}

/** Well-formed Unicode without controls, cut between characters; undefined where nothing is left. */
function boundText(value: string, budget: Budget): string | undefined {
  // In UTF-8 a UTF-16 unit is at most three bytes and never none: what is cut here first could not have stayed.
  const clean = value
    .slice(0, limits.embeddedTextBytesMax + 1)
    .toWellFormed()
    .replace(controls, '')
    .trim();
  const bytesMax = Math.min(limits.embeddedTextBytesMax, Math.max(0, budget.bytes));
  const text = cutToBytes(clean, bytesMax);
  if (text.length < clean.length || value.length > limits.embeddedTextBytesMax) budget.cut = true;
  // As JSON: quotes, backslashes and line ends count twice.
  budget.bytes -= Buffer.byteLength(JSON.stringify(text));
  return text === '' ? undefined : text;
}

function cutToBytes(text: string, bytesMax: number): string {
  if (Buffer.byteLength(text) <= bytesMax) return text;
  let end = Math.min(text.length, bytesMax);
  while (end > 0 && Buffer.byteLength(text.slice(0, end)) > bytesMax) end -= Math.max(1, Math.floor(end / 16));
  // Not within a surrogate pair.
  const last = text.charCodeAt(end - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? end - 1 : end);
}
