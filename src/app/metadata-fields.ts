/** Definitions of metadata fields: made, changed, taken away. Each write is audited and counts from the moment it is answered. */
import { AssetwireError } from '../core/errors.ts';
import { sameJson } from '../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import { definitionProblems, type MetadataField, type MetadataRules } from '../core/metadata-field.ts';
import type {
  Caller,
  Idempotency,
  MetadataFieldCases,
  MetadataFieldInput,
  MetadataFieldPatch,
  MetadataFieldView,
  Written,
} from './app.ts';
import { type AuditNote, auditWrite } from './audit.ts';
import type { Committer } from './committer.ts';
import type { Page } from '../storage/contract/list-queries.ts';
import type { AppDeps } from './dependencies.ts';
import { type IdempotentCalls, replay } from './idempotency.ts';
import { foreignCursor, type ListQuery, readCursor, writeCursor } from './list-page.ts';
import { fieldsKey, type MetadataSets, type StoredField, type StoredFields, storedFields } from './metadata-sets.ts';
import { type MetadataJobWork, newJob } from './metadata-work.ts';
import { notFound, unfitAll } from './refusals.ts';

export type MetadataFieldsDeps = Pick<AppDeps, 'ids'> & {
  readonly storage: Pick<AppDeps['storage'], 'resources'>;
  readonly committer: Committer;
  readonly idempotent: IdempotentCalls;
  readonly sets: MetadataSets;
};

/** What a decision makes of the definitions: the new document, what is answered, what the audit says. Null: nothing to do. */
type Outcome<Body> = {
  readonly next: StoredFields | null;
  readonly status: number;
  readonly body: Body;
  readonly note: AuditNote;
  /** What assets have to follow with. */
  readonly work?: MetadataJobWork;
};

export function createMetadataFields(deps: MetadataFieldsDeps): MetadataFieldCases {
  const read = async ({ workspaceId }: Caller): Promise<StoredFields> => {
    const [row] = await deps.storage.resources([fieldsKey(workspaceId)]);
    return storedFields(row?.state);
  };
  return {
    create: (caller, input, idempotency) =>
      write(deps, { caller, idempotency }, (stored, atMs) => created(stored, input, atMs)),

    async list(caller, { type, ...query }) {
      const stored = await read(caller);
      const wanted = type === undefined ? stored.fields : stored.fields.filter((field) => field.type === type);
      const page = fieldPage(wanted, query);
      return { ...page, items: page.items.map((field) => shown(stored, field)) };
    },

    async get(caller, name) {
      const stored = await read(caller);
      return shown(stored, found(stored, name));
    },

    update: (caller, { name, patch }, idempotency) =>
      write(deps, { caller, idempotency }, (stored, atMs) => changed(stored, { name, patch }, atMs)),

    remove: (caller, name, { values, idempotency } = {}) =>
      write(deps, { caller, idempotency }, (stored) => removed(stored, name, values === 'remove')),

    rules: async (caller) => (await read(caller)).rules,

    setRules: (caller, patch, idempotency) =>
      write(deps, { caller, idempotency }, (stored) => withRules(stored, patch)),
  };
}

/** A field with where it stands among the others, from 0. */
function shown({ fields }: StoredFields, field: StoredField): MetadataFieldView {
  return { ...field, position: fields.findIndex(({ name }) => name === field.name) };
}

/**
 * A page of fields in their order. The cursor names the last one shown and where it stood: a field that was moved is gone on
 * behind, and where it was deleted, what took its place comes next.
 */
function fieldPage(fields: readonly StoredField[], { limit, cursor }: ListQuery): Page<StoredField> {
  const from = cursor === undefined ? 0 : behind(fields, String(readCursor(cursor)));
  const items = fields.slice(from, from + limit);
  const last = items.at(-1);
  const more = last !== undefined && from + items.length < fields.length;
  return { items, nextCursor: more ? writeCursor(`${from + items.length - 1} ${last.name}`) : null };
}

function behind(fields: readonly StoredField[], cursor: string): number {
  const [, stood, name] = /^(\d{1,6}) (.+)$/su.exec(cursor) ?? [];
  if (stood === undefined) throw foreignCursor();
  const at = fields.findIndex((field) => field.name === name);
  return at < 0 ? Number(stood) : at + 1;
}

/** With the field at `position`, from 0; what stands behind it moves on, and beyond the end it is the last. */
function placed(fields: readonly StoredField[], field: StoredField, position: number): readonly StoredField[] {
  return fields.filter(({ name }) => name !== field.name).toSpliced(position, 0, field);
}

function created(
  stored: StoredFields,
  { position = stored.fields.length, ...input }: MetadataFieldInput,
  atMs: number,
): Outcome<MetadataFieldView> {
  if (stored.fields.some(({ name }) => name === input.name)) {
    throw new AssetwireError('already_exists', {
      detail: `Define metadata field ${JSON.stringify(input.name)}: it is defined already`,
    });
  }
  const field: StoredField = {
    ...input,
    label: input.label ?? input.name,
    required: input.required ?? false,
    createdAtMs: atMs,
    updatedAtMs: atMs,
  };
  refuseUnsound(field);
  if (stored.fields.length >= limits.metadataFieldsMax) throw tooMany(`${limits.metadataFieldsMax} metadata fields`);
  const next = { ...stored, fields: placed(stored.fields, field, position) };
  const note = { action: 'metadata_field.created', target: targetOf(field.name), after: asJson(field) };
  return { next, status: 201, body: shown(next, field), note };
}

function changed(
  stored: StoredFields,
  { name, patch }: { readonly name: string; readonly patch: MetadataFieldPatch },
  atMs: number,
): Outcome<MetadataFieldView> {
  const before = found(stored, name);
  const { replace, position, ...rest } = patch;
  const after = patched(before, rest);
  refuseUnsound(after);
  if (replace !== undefined) refuseReplacement(after, replace);
  const stood = stored.fields.indexOf(before);
  const same = sameJson(asJson(after), asJson(before));
  const field = same ? before : { ...after, updatedAtMs: atMs };
  const fields = placed(stored.fields, field, position ?? stood);
  const stands = fields.indexOf(field);
  const next = same && stands === stood ? null : { ...stored, fields };
  const note = {
    action: 'metadata_field.changed',
    target: targetOf(name),
    before: asJson({ ...before, position: stood }),
    after: asJson({ ...field, position: stands }),
  };
  const work: MetadataJobWork | null = replace === undefined ? null : { kind: 'replace-options', field: name, replace };
  return { next, status: 200, body: { ...field, position: stands }, note, ...(work === null ? {} : { work }) };
}

/** Replaced options must lead to ones that there are. */
function refuseReplacement({ options, type }: StoredField, replace: NonNullable<MetadataFieldPatch['replace']>): void {
  const there = new Set(options?.map(({ value }) => value));
  const problems = Object.entries(replace).flatMap(([from, to]) => {
    const at = `/replace/${from.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (options === undefined) return [{ at, wanted: `no replaced options of a ${type} field`, found: 'one' }];
    if (there.has(from)) return [{ at, wanted: 'a value that is no option any more', found: 'one that still is' }];
    return to === null || there.has(to) ? [] : [{ at, wanted: 'an option, or null', found: JSON.stringify(to) }];
  });
  if (problems.length > 0) throw unfitAll(problems);
}

function removed(stored: StoredFields, name: string, values: boolean): Outcome<JsonObject> {
  const field = found(stored, name);
  const fields = stored.fields.filter((each) => each !== field);
  const note = { action: 'metadata_field.removed', target: targetOf(name), before: asJson(field) };
  const work: MetadataJobWork = { kind: 'remove-field', field: name };
  return { next: { ...stored, fields }, status: 204, body: {}, note, ...(values ? { work } : {}) };
}

function withRules(stored: StoredFields, patch: Partial<MetadataRules>): Outcome<MetadataRules> {
  const rules = { ...stored.rules, ...patch };
  const next = sameJson(rules, stored.rules) ? null : { ...stored, rules };
  const note = { action: 'metadata_rules.changed', target: 'metadata_rules:all', before: stored.rules, after: rules };
  return { next, status: 200, body: rules, note };
}

type Call = { readonly caller: Caller; readonly idempotency: Idempotency | undefined };

async function write<Body extends object>(
  { ids, committer, idempotent, sets }: MetadataFieldsDeps,
  { caller, idempotency }: Call,
  decide: (stored: StoredFields, atMs: number) => Outcome<Body>,
): Promise<Written<Body>> {
  const { workspaceId } = caller;
  return idempotent.run<Body>(workspaceId, idempotency, async (row) => {
    try {
      const written = await committer.write<Written<Body>>(fieldsKey(workspaceId), (current, atMs) => {
        const { next, status, body: decided, note, work } = decide(storedFields(current?.state), atMs);
        const job = work === undefined ? null : newJob({ ids }, caller, { work, dryRun: false, atMs });
        const body = job === null || status === 204 ? decided : { ...decided, jobId: job.id };
        const answer = { status, body };
        if (next === null && job === null && row === undefined) return { kind: 'nothing', answer };
        if (next !== null) refuseTooLarge(next);
        const audit = next === null ? [] : [auditWrite({ ids, caller }, note, atMs)];
        const resources = job === null ? audit : [...audit, job.write];
        return {
          kind: 'write',
          plan: {
            ...(next === null ? {} : { state: asJson(next) }),
            resources,
            changes: [],
            ...(job === null ? {} : { duties: [job.duty] }),
            ...(row === undefined ? {} : { idempotency: () => row(status, body) }),
          },
          answer: () => answer,
        };
      });
      return written.kind === 'done' ? written.answer : replay<Body>(written.row, idempotency?.fingerprint ?? '');
    } finally {
      sets.forget(workspaceId);
    }
  });
}

function found({ fields }: StoredFields, wanted: string): StoredField {
  const field = fields.find(({ name }) => name === wanted);
  if (field === undefined) throw notFound('the metadata field');
  return field;
}

/** Null takes away what a field can do without. Name and type are what it is: another one is another field. */
function patched(field: StoredField, patch: MetadataFieldPatch): StoredField {
  const parts = new Map<string, unknown>(Object.entries(field));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) parts.delete(name);
    else parts.set(name, value);
  }
  return Object.fromEntries(parts) as StoredField;
}

function refuseUnsound(field: MetadataField): void {
  const problems = definitionProblems(field);
  if (problems.length > 0) throw unfitAll(problems);
}

function refuseTooLarge(stored: StoredFields): void {
  if (Buffer.byteLength(JSON.stringify(stored)) > limits.metadataFieldsBytesMax) {
    throw tooMany(`${limits.metadataFieldsBytesMax} bytes of metadata definitions`);
  }
}

function tooMany(what: string): AssetwireError {
  return new AssetwireError('limit_reached', {
    detail: `Keep at most ${what} in a workspace: this would be more`,
    mend: 'Remove one first',
  });
}

function targetOf(name: string): string {
  return `metadata_field:${name}`;
}

/** Definitions are made of JSON by construction. */
function asJson(value: object): { readonly [key: string]: JsonValue } {
  return value as { readonly [key: string]: JsonValue };
}
