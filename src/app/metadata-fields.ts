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
import type { AppDeps } from './dependencies.ts';
import { type IdempotentCalls, replay } from './idempotency.ts';
import { listPage } from './list-page.ts';
import { fieldsKey, type MetadataSets, type StoredField, type StoredFields, storedFields } from './metadata-sets.ts';
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
      const { fields } = await read(caller);
      const wanted = type === undefined ? fields : fields.filter((field) => field.type === type);
      return listPage(wanted, ({ name }) => name, query);
    },

    async get(caller, name) {
      return found(await read(caller), name);
    },

    update: (caller, { name, patch }, idempotency) =>
      write(deps, { caller, idempotency }, (stored, atMs) => changed(stored, { name, patch }, atMs)),

    remove: (caller, name, idempotency) => write(deps, { caller, idempotency }, (stored) => removed(stored, name)),

    rules: async (caller) => (await read(caller)).rules,

    setRules: (caller, patch, idempotency) =>
      write(deps, { caller, idempotency }, (stored) => withRules(stored, patch)),
  };
}

function created(stored: StoredFields, input: MetadataFieldInput, atMs: number): Outcome<MetadataFieldView> {
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
  const fields = [...stored.fields, field].sort(byName);
  const note = { action: 'metadata_field.created', target: targetOf(field.name), after: asJson(field) };
  return { next: { ...stored, fields }, status: 201, body: field, note };
}

function changed(
  stored: StoredFields,
  { name, patch }: { readonly name: string; readonly patch: MetadataFieldPatch },
  atMs: number,
): Outcome<MetadataFieldView> {
  const before = found(stored, name);
  const after = patched(before, patch);
  refuseUnsound(after);
  const same = sameJson(asJson(after), asJson(before));
  const field = same ? before : { ...after, updatedAtMs: atMs };
  const next = same ? null : { ...stored, fields: stored.fields.map((each) => (each === before ? field : each)) };
  const target = targetOf(name);
  const note = { action: 'metadata_field.changed', target, before: asJson(before), after: asJson(field) };
  return { next, status: 200, body: field, note };
}

function removed(stored: StoredFields, name: string): Outcome<JsonObject> {
  const field = found(stored, name);
  const fields = stored.fields.filter((each) => each !== field);
  const note = { action: 'metadata_field.removed', target: targetOf(name), before: asJson(field) };
  return { next: { ...stored, fields }, status: 204, body: {}, note };
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
        const { next, status, body, note } = decide(storedFields(current?.state), atMs);
        const answer = { status, body };
        if (next === null && row === undefined) return { kind: 'nothing', answer };
        if (next !== null) refuseTooLarge(next);
        return {
          kind: 'write',
          plan: {
            ...(next === null ? {} : { state: asJson(next), resources: [auditWrite({ ids, caller }, note, atMs)] }),
            changes: [],
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

function byName(left: MetadataField, right: MetadataField): number {
  return left.name < right.name ? -1 : 1;
}

/** Definitions are made of JSON by construction. */
function asJson(value: object): { readonly [key: string]: JsonValue } {
  return value as { readonly [key: string]: JsonValue };
}
