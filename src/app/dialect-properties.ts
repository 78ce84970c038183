/**
 * Settings of a vendor's server that concern all its webhooks in a workspace (`Manifest.properties`): changed by the API or
 * read from the vendor's own file; the last writer wins, and who that was is shown.
 */
import { AssetwireError, type Problem } from '../core/errors.ts';
import { isObject, ownValue } from '../core/json-equality.ts';
import type { JsonObject } from '../core/json.ts';
import type { PolicyOverride } from '../core/policy.ts';
import type { PropertyDescription } from '../dialects/contract/manifest.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { Resource, ResourceKey } from '../storage/contract/resources.ts';
import type { Storage } from '../storage/storage.ts';
import type { Caller } from './app.ts';
import { auditWrite } from './audit.ts';
import type { Committer } from './committer.ts';
import { eventsOffIn, eventsOffWrite } from './events-off.ts';
import type { AppDeps } from './dependencies.ts';
import type { Matching } from './matching.ts';
import { notFound, unfitAll } from './refusals.ts';

/** Where a value in force came from. */
export type PropertySource = 'default' | 'api' | 'file';

export type PropertyValue = PropertyDescription['default'];

export type PropertyView = PropertyDescription & {
  /** In force. */
  readonly value: PropertyValue;
  readonly source: PropertySource;
  /** Null where it is the default. */
  readonly changedAtMs: number | null;
  readonly changedBy: string | null;
};

/** New values; null takes a value back to its default. */
export type PropertyPatch = { readonly [name: string]: PropertyValue | null };

export interface DialectPropertyCases {
  /** Throws `unknown_dialect`. Empty where the dialect has none. */
  list(caller: Caller, dialect: string): Promise<readonly PropertyView[]>;
  /** Events of the dialect that there are none of in the workspace, because a property says so. */
  eventsOff(caller: Caller, dialect: string): Promise<readonly string[]>;
  /** Throws `unknown_dialect`, `invalid_request` naming each value that does not fit. */
  update(caller: Caller, dialect: string, patch: PropertyPatch): Promise<readonly PropertyView[]>;
}

export interface DialectProperties extends DialectPropertyCases {
  /** What stands in the vendor's file, as of its last change: values that somebody changed later stay. */
  applyFile(
    caller: Caller,
    dialect: string,
    file: { readonly values: PropertyPatch; readonly changedAtMs: number },
  ): Promise<void>;
}

type Entry = {
  readonly value: PropertyValue;
  readonly source: 'api' | 'file';
  readonly atMs: number;
  readonly by: string;
};
type Entries = { readonly [name: string]: Entry };

export type DialectPropertiesDeps = Pick<AppDeps, 'storage' | 'ids' | 'dialects' | 'engine'> & {
  readonly committer: Committer;
  readonly matching: Pick<Matching, 'load' | 'outdated'>;
};

export function createDialectProperties(deps: DialectPropertiesDeps): DialectProperties {
  const { storage } = deps;
  const described = (dialect: string): readonly PropertyDescription[] => {
    const found = deps.dialects.get(dialect);
    if (found === undefined) throw notFound('the dialect');
    return found.manifest.properties ?? [];
  };
  const read = async (workspaceId: string, dialect: string): Promise<readonly PropertyView[]> => {
    const descriptions = described(dialect);
    if (descriptions.length === 0) return [];
    const [row] = await storage.resources([propertiesKey(workspaceId, dialect)]);
    return shown(descriptions, entriesOf(row));
  };
  return {
    list: ({ workspaceId }, dialect) => read(workspaceId, dialect),
    async eventsOff({ workspaceId }, id) {
      const dialect = deps.dialects.get(id);
      return dialect === undefined ? [] : [...(await eventsOffIn(storage, workspaceId, dialect))];
    },
    async update(caller, dialect, patch) {
      refuseUnfit(described(dialect), patch);
      await write(deps, { caller, dialect, patch, source: 'api' }, () => true);
      return read(caller.workspaceId, dialect);
    },
    async applyFile(caller, dialect, { values, changedAtMs }) {
      refuseUnfit(described(dialect), values);
      await write(
        deps,
        { caller, dialect, patch: values, source: 'file' },
        (entry) => (entry?.atMs ?? -1) < changedAtMs,
      );
    },
  };
}

/** What the properties of a workspace make of the dialect's policy; null where the dialect has none or nothing is set. */
export async function propertyPolicy(
  storage: Pick<Storage, 'resources'>,
  workspaceId: string,
  dialect: Dialect | undefined,
): Promise<PolicyOverride | null> {
  if (dialect?.policyFor === undefined) return null;
  const [row] = await storage.resources([propertiesKey(workspaceId, dialect.manifest.id)]);
  const entries = Object.entries(entriesOf(row));
  if (entries.length === 0) return null;
  return dialect.policyFor(Object.fromEntries(entries.map(([name, { value }]) => [name, value])));
}

/**
 * How many webhooks of the dialect a workspace may have: what the dialect says, or the property it names for that
 * (`limits.webhooksMaxProperty`) where it was set.
 */
export async function webhooksMaxOf(
  storage: Pick<Storage, 'resources'>,
  workspaceId: string,
  { manifest }: Pick<Dialect, 'manifest'>,
): Promise<number> {
  const { webhooksMax, webhooksMaxProperty } = manifest.limits;
  if (webhooksMaxProperty === undefined) return webhooksMax;
  const [row] = await storage.resources([propertiesKey(workspaceId, manifest.id)]);
  const entries = entriesOf(row);
  const value = Object.hasOwn(entries, webhooksMaxProperty) ? entries[webhooksMaxProperty]?.value : undefined;
  return typeof value === 'number' ? value : webhooksMax;
}

function propertiesKey(workspaceId: string, dialect: string): ResourceKey {
  return { workspaceId, type: 'setting', id: `dialect:${dialect}` };
}

function entriesOf(row: Resource | null | undefined): Entries {
  const values = row === null || row === undefined ? undefined : ownValue(row.state, 'values');
  // Rows of this kind are written here only.
  return isObject(values) ? (values as unknown as Entries) : {};
}

function shown(descriptions: readonly PropertyDescription[], entries: Entries): readonly PropertyView[] {
  return descriptions.map((description) => {
    const entry = Object.hasOwn(entries, description.name) ? entries[description.name] : undefined;
    return {
      ...description,
      value: entry?.value ?? description.default,
      source: entry?.source ?? 'default',
      changedAtMs: entry?.atMs ?? null,
      changedBy: entry?.by ?? null,
    };
  });
}

function refuseUnfit(descriptions: readonly PropertyDescription[], patch: PropertyPatch): void {
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(patch)) {
    const at = `/${name}`;
    const known = descriptions.find((one) => one.name === name);
    if (known === undefined) {
      const names = descriptions.map((one) => one.name).join(', ');
      problems.push({
        at,
        wanted: names === '' ? 'no properties: the dialect has none' : `one of ${names}`,
        found: 'another name',
      });
    } else if (value !== null && !fits(known, value)) {
      problems.push({ at, wanted: wantedOf(known), found: String(value) });
    }
  }
  if (problems.length > 0) throw unfitAll(problems);
}

function fits(known: PropertyDescription, value: PropertyValue): boolean {
  if (known.type === 'boolean') return typeof value === 'boolean';
  return typeof value === 'number' && Number.isInteger(value) && value >= known.min && value <= known.max;
}

/** What a property may be, in words. */
export function wantedOf(known: PropertyDescription): string {
  return known.type === 'boolean' ? 'true or false' : `a whole number from ${known.min} to ${known.max}`;
}

type Wanted = {
  readonly caller: Caller;
  readonly dialect: string;
  readonly patch: PropertyPatch;
  readonly source: 'api' | 'file';
};

async function write(
  deps: DialectPropertiesDeps,
  { caller, dialect, patch, source }: Wanted,
  mayReplace: (entry: Entry | undefined) => boolean,
): Promise<void> {
  const { committer, ids, engine } = deps;
  const { workspaceId, actor } = caller;
  const written = await committer.write(propertiesKey(workspaceId, dialect), (current, atMs) => {
    const before = entriesOf(current);
    const after = new Map(Object.entries(before));
    for (const [name, value] of Object.entries(patch)) {
      const entry = after.get(name);
      if (!mayReplace(entry) || (entry === undefined ? value === null : entry.value === value)) continue;
      if (value === null) after.delete(name);
      else after.set(name, { value, source, atMs, by: actor.name ?? actor.id });
    }
    const entries: Entries = Object.fromEntries(after);
    if (JSON.stringify(entries) === JSON.stringify(before)) return { kind: 'nothing', answer: false };
    const note = {
      action: 'dialect.properties_changed',
      target: `setting:dialect:${dialect}`,
      before: valuesOf(before),
      after: valuesOf(entries),
    };
    return {
      kind: 'write',
      plan: {
        state: { values: entries },
        changes: [],
        resources: [
          ...eventsOffWrite(dialect, deps.dialects.get(dialect)?.eventsOff?.(valuesOf(entries))),
          auditWrite({ ids, caller }, note, atMs),
        ],
      },
      answer: () => true,
    };
  });
  if (written.kind === 'duplicate')
    throw new AssetwireError('internal', { detail: 'Properties carry no idempotency row' });
  if (!written.answer) return;
  // Every lane of the dialect takes its policy anew.
  deps.matching.outdated(workspaceId);
  const { webhooks } = await deps.matching.load(workspaceId);
  for (const webhook of webhooks) if (webhook.dialect === dialect) engine.webhookChanged(workspaceId, webhook.id);
}

function valuesOf(entries: Entries): JsonObject {
  return Object.fromEntries(Object.entries(entries).map(([name, { value }]) => [name, value]));
}
