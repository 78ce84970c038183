/**
 * Definitions of custom metadata: which fields the assets of a workspace have and what their values may be. No pattern
 * language: a regular expression of a caller's making could hold the loop that delivers.
 */
import type { Problem } from './errors.ts';
import type { JsonValue } from './json.ts';
import { limits } from './limits.ts';
import { lastMsOf, valueProblem } from './metadata-value.ts';

export const metadataFieldTypes = ['text', 'number', 'date', 'boolean', 'select', 'multiselect'] as const;
export type MetadataFieldType = (typeof metadataFieldTypes)[number];

export const textFormats = ['url', 'email'] as const;

/** One choice of a select field. `value` is what assets hold, `label` what people read. */
export type MetadataOption = { readonly value: string; readonly label?: string; readonly labels?: MetadataLabels };

/** What people read, by language (BCP 47: `de`, `pt-BR`); `label` is what is read in any other. */
export type MetadataLabels = { readonly [language: string]: string };

/** Bounds of values. Which of them a field may have depends on its type: see `boundsOf`. */
export type MetadataValidation = {
  /** Characters of a text. */
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly format?: (typeof textFormats)[number];
  readonly minimum?: number;
  readonly maximum?: number;
  /** Whole numbers only. */
  readonly whole?: boolean;
  /** Dates as `2026-11-22`, or times as `2026-11-22T12:00:00Z`. */
  readonly earliest?: string;
  readonly latest?: string;
  /** How many options may be chosen. */
  readonly itemsMin?: number;
  readonly itemsMax?: number;
};

export type MetadataField = {
  /** The key under `metadata`, unique in its workspace and never changed. */
  readonly name: string;
  readonly type: MetadataFieldType;
  readonly label: string;
  readonly labels?: MetadataLabels;
  readonly description?: string;
  readonly required: boolean;
  /** What an uploaded asset gets where the upload says nothing. */
  readonly default?: JsonValue;
  /** The choices of `select` and `multiselect`, in order. */
  readonly options?: readonly MetadataOption[];
  readonly validation?: MetadataValidation;
};

/** How strictly a workspace holds to its definitions. */
export type MetadataRules = {
  /** Fields that no definition names: kept as they come, or refused. */
  readonly unknownFields: 'accept' | 'refuse';
  /**
   * What other systems say of their assets (pushed states, reported changes) where it does not fit: taken and noted in the
   * answer, for it has happened all the same, or refused.
   */
  readonly fromElsewhere: 'note' | 'refuse';
};

export const metadataRulesDefault: MetadataRules = { unknownFields: 'accept', fromElsewhere: 'note' };

/** The definitions of a workspace, ready to check with. */
export type MetadataFieldSet = {
  readonly fields: ReadonlyMap<string, MetadataField>;
  readonly rules: MetadataRules;
};

/** Which bounds fit which type. */
export const boundsOf: { readonly [Type in MetadataFieldType]: readonly (keyof MetadataValidation)[] } = {
  text: ['minLength', 'maxLength', 'format'],
  number: ['minimum', 'maximum', 'whole'],
  date: ['earliest', 'latest'],
  boolean: [],
  select: [],
  multiselect: ['itemsMin', 'itemsMax'],
};

const ranges: readonly (readonly [least: keyof MetadataValidation, most: keyof MetadataValidation])[] = [
  ['minLength', 'maxLength'],
  ['minimum', 'maximum'],
  ['earliest', 'latest'],
  ['itemsMin', 'itemsMax'],
];

/** What is wrong with a definition whose shape is sound: parts that do not fit its type or each other. None: it stands. */
export function definitionProblems(field: MetadataField): readonly Problem[] {
  return [
    ...nameProblems(field.name),
    ...optionProblems(field),
    ...validationProblems(field),
    ...defaultProblems(field),
  ];
}

/** Names stand in paths of the API and as keys of objects. */
function nameProblems(name: string): readonly Problem[] {
  const wanted = 'a name without / at both ends of which stands no blank';
  if (name.includes('/') || name.trim() !== name) return [{ at: '/name', wanted, found: JSON.stringify(name) }];
  if (name === '.' || name === '..' || name === '__proto__') {
    return [{ at: '/name', wanted: 'another name than ., .. and __proto__', found: JSON.stringify(name) }];
  }
  return [];
}

function optionProblems({ type, options }: MetadataField): readonly Problem[] {
  const chosen = type === 'select' || type === 'multiselect';
  if (!chosen) {
    return options === undefined ? [] : [{ at: '/options', wanted: `no options of a ${type} field`, found: 'options' }];
  }
  if (options === undefined || options.length === 0) {
    return [{ at: '/options', wanted: `at least one option of a ${type} field`, found: 'none' }];
  }
  if (options.length > limits.metadataFieldOptionsMax) {
    return [
      { at: '/options', wanted: `at most ${limits.metadataFieldOptionsMax} options`, found: `${options.length}` },
    ];
  }
  const seen = new Set<string>();
  return options.flatMap(({ value }, at) => {
    if (!seen.has(value)) {
      seen.add(value);
      return [];
    }
    return [{ at: `/options/${at}/value`, wanted: 'each value once', found: JSON.stringify(value) }];
  });
}

function validationProblems(field: MetadataField): readonly Problem[] {
  const { type, validation = {} } = field;
  const problems: Problem[] = [];
  const allowed = boundsOf[type];
  for (const name of Object.keys(validation) as (keyof MetadataValidation)[]) {
    if (allowed.includes(name)) continue;
    const wanted = allowed.length === 0 ? `no bounds of a ${type} field` : `${allowed.join(', ')} of a ${type} field`;
    problems.push({ at: `/validation/${name}`, wanted, found: name });
  }
  for (const bound of ['earliest', 'latest'] as const) {
    const problem = validation[bound] === undefined ? null : valueProblem(dateField, validation[bound]);
    if (problem !== null) problems.push({ at: `/validation/${bound}`, ...problem });
  }
  if (problems.length > 0) return problems;
  for (const [least, most] of ranges) {
    const low = comparable(validation[least]);
    const high =
      most === 'latest' && validation.latest !== undefined ? lastMsOf(validation.latest) : comparable(validation[most]);
    if (low === null || high === null || low <= high) continue;
    problems.push({
      at: `/validation/${most}`,
      wanted: `at least ${least}, which is ${String(validation[least])}`,
      found: String(validation[most]),
    });
  }
  return problems;
}

const dateField = { name: '', type: 'date', label: '', required: false } as const satisfies MetadataField;

function comparable(value: string | number | boolean | undefined): number | null {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? Date.parse(value) : null;
}

function defaultProblems(field: MetadataField): readonly Problem[] {
  if (field.default === undefined) return [];
  const problem = valueProblem(field, field.default);
  return problem === null ? [] : [{ at: '/default', ...problem }];
}
