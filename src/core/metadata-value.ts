/** Values of custom metadata against the definition of their field. */
import { counted } from './counted.ts';
import type { Problem } from './errors.ts';
import { isList } from './json-equality.ts';
import type { JsonValue } from './json.ts';
import type { MetadataField } from './metadata-field.ts';

type Misfit = Pick<Problem, 'wanted' | 'found'>;

/** Why a value does not fit its field; null where it does. Whether there must be one at all is not asked here. */
export function valueProblem(field: MetadataField, value: JsonValue): Misfit | null {
  switch (field.type) {
    case 'text':
      return textProblem(field, value);
    case 'number':
      return numberProblem(field, value);
    case 'date':
      return dateProblem(field, value);
    case 'boolean':
      return typeof value === 'boolean' ? null : misfit('true or false', value);
    case 'select':
      return typeof value === 'string' && hasOption(field, value) ? null : misfit(wantedOptions(field), value);
    case 'multiselect':
      return choiceProblem(field, value);
    default:
      return field.type satisfies never;
  }
}

/** Whether a value says nothing: then a required field counts as missing. */
export function isEmptyValue(value: JsonValue | undefined): boolean {
  return value === undefined || value === null || value === '' || (isList(value) && value.length === 0);
}

function textProblem({ validation = {} }: MetadataField, value: JsonValue): Misfit | null {
  if (typeof value !== 'string') return misfit('a text', value);
  const { minLength, maxLength, format } = validation;
  // As people count them: an emoji of several code units is one character to the code-point count.
  const characters = minLength === undefined && maxLength === undefined ? 0 : [...value].length;
  if (minLength !== undefined && characters < minLength)
    return { wanted: `at least ${counted(minLength, 'character')}`, found: `${characters}` };
  if (maxLength !== undefined && characters > maxLength)
    return { wanted: `at most ${counted(maxLength, 'character')}`, found: `${characters}` };
  if (format === 'url' && !isWebAddress(value)) return misfit('an http or https address', value);
  if (format === 'email' && !isMailAddress(value)) return misfit('an e-mail address', value);
  return null;
}

function isWebAddress(text: string): boolean {
  return /^https?:\/\/[^\s/]/i.test(text) && URL.canParse(text);
}

/** One `@` with something on both sides and no blanks: more only the mail itself can tell. */
function isMailAddress(text: string): boolean {
  const at = text.indexOf('@');
  return (
    at > 0 && at < text.length - 1 && at === text.lastIndexOf('@') && text.length <= 254 && !/[\s\p{Cc}]/u.test(text)
  );
}

function numberProblem({ validation = {} }: MetadataField, value: JsonValue): Misfit | null {
  if (typeof value !== 'number') return misfit('a number', value);
  const { minimum, maximum, whole } = validation;
  if (whole === true && !Number.isInteger(value)) return misfit('a whole number', value);
  if (minimum !== undefined && value < minimum) return misfit(`at least ${minimum}`, value);
  if (maximum !== undefined && value > maximum) return misfit(`at most ${maximum}`, value);
  return null;
}

function dateProblem({ validation = {} }: MetadataField, value: JsonValue): Misfit | null {
  const ms = typeof value === 'string' ? timeOf(value) : null;
  if (ms === null) return misfit('a date such as 2026-11-22 or a time such as 2026-11-22T12:00:00Z', value);
  const { earliest, latest } = validation;
  if (earliest !== undefined && ms < Date.parse(earliest)) return misfit(`${earliest} or later`, value);
  if (latest !== undefined && ms > lastMsOf(latest)) return misfit(`${latest} or earlier`, value);
  return null;
}

/** The last moment of a date's day in UTC; a time is itself. */
export function lastMsOf(latest: string): number {
  return Date.parse(latest) + (latest.includes('T') ? 0 : 86_399_999);
}

const dateForm = /^(\d{4})-(\d{2})-(\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/** Unix milliseconds of a date (at midnight UTC) or of a time with its zone (RFC 3339); null for what is none. */
function timeOf(text: string): number | null {
  const parts = dateForm.exec(text);
  if (parts === null) return null;
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  // `Date.parse` takes 30 February for 2 March.
  const date = new Date(Date.UTC(year, month - 1, day));
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

function choiceProblem(field: MetadataField, value: JsonValue): Misfit | null {
  if (!isList(value)) return misfit(`a list of options: ${wantedOptions(field)}`, value);
  const seen = new Set<JsonValue>();
  for (const chosen of value) {
    if (typeof chosen !== 'string' || !hasOption(field, chosen)) return misfit(wantedOptions(field), chosen);
    if (seen.has(chosen)) return misfit('each option once', chosen);
    seen.add(chosen);
  }
  const { itemsMin, itemsMax } = field.validation ?? {};
  // An empty list says nothing, as no list does.
  if (itemsMin !== undefined && value.length > 0 && value.length < itemsMin) {
    return { wanted: `at least ${itemsMin} options`, found: `${value.length}` };
  }
  if (itemsMax !== undefined && value.length > itemsMax)
    return { wanted: `at most ${itemsMax} options`, found: `${value.length}` };
  return null;
}

function hasOption({ options = [] }: MetadataField, value: string): boolean {
  return options.some((option) => option.value === value);
}

const optionsShownMax = 12;

function wantedOptions({ options = [] }: MetadataField): string {
  const shown = options.slice(0, optionsShownMax).map(({ value }) => JSON.stringify(value));
  return `one of ${shown.join(', ')}${options.length > optionsShownMax ? ', …' : ''}`;
}

const foundCharactersMax = 60;

function misfit(wanted: string, value: JsonValue): Misfit {
  if (isList(value)) return { wanted, found: 'a list' };
  if (typeof value === 'object' && value !== null) return { wanted, found: 'an object' };
  const text =
    typeof value === 'string' && value.length > foundCharactersMax ? `${value.slice(0, foundCharactersMax)}…` : value;
  return { wanted, found: JSON.stringify(text) };
}
