/**
 * The definitions of metadata fields of each workspace, as writes of assets need them: at hand without waiting, null where
 * there are none, which costs a write nothing.
 *
 * They are one document per workspace, so that a write is decided on all of them as they were at one moment.
 */
import { roughBytes } from './rough-bytes.ts';
import type { JsonObject } from '../core/json.ts';
import {
  type MetadataField,
  type MetadataFieldSet,
  type MetadataRules,
  metadataRulesDefault,
} from '../core/metadata-field.ts';
import type { ResourceKey } from '../storage/contract/resources.ts';
import type { AppDeps } from './dependencies.ts';
import { createTwoGenerations } from './two-generations.ts';

/** A definition with its times, as it is stored and shown. */
export type StoredField = MetadataField & { readonly createdAtMs: number; readonly updatedAtMs: number };
export type StoredFields = { readonly fields: readonly StoredField[]; readonly rules: MetadataRules };

export interface MetadataSets {
  /** Undefined: not known, `load` it. Null: the workspace has no definitions and the default rules. */
  known(workspaceId: string): MetadataFieldSet | null | undefined;
  load(workspaceId: string): Promise<MetadataFieldSet | null>;
  /** As `known`, loaded where need be. */
  get(workspaceId: string): Promise<MetadataFieldSet | null>;
  /** After a write to the definitions. */
  forget(workspaceId: string): void;
}

export type SetsDeps = Pick<AppDeps, 'clock' | 'soleWriter' | 'others'> & {
  readonly storage: Pick<AppDeps['storage'], 'resources'>;
};

/** Where other processes write too, their definitions count here after this long at the latest. */
export const otherWritersSeenMs = 5_000;
const setsKept = { entriesMax: 10_000, weightMax: 32 * 1024 * 1024 } as const;

type Entry = { readonly set: MetadataFieldSet | null; readonly readAtMs: number };

export function fieldsKey(workspaceId: string): ResourceKey {
  return { workspaceId, type: 'metadata_field', id: 'fields' };
}

export const noFields: StoredFields = { fields: [], rules: metadataRulesDefault };

/** Rows of this key are written by metadata-fields.ts only, in this shape. */
export function storedFields(state: JsonObject | undefined): StoredFields {
  return state === undefined ? noFields : (state as unknown as StoredFields);
}

export function createMetadataSets({ storage, clock, soleWriter, others }: SetsDeps): MetadataSets {
  const entries = createTwoGenerations<Entry>(setsKept);
  /** Loads that began before a write must not be believed after it. */
  let writes = 0;

  const forget = (workspaceId: string): void => {
    writes += 1;
    entries.delete(workspaceId);
  };
  others?.hear((hint) => {
    if (hint.kind === 'forget' && hint.what === 'metadata') forget(hint.workspaceId);
  });
  const known: MetadataSets['known'] = (workspaceId) => {
    const entry = entries.get(workspaceId);
    if (entry === undefined) return undefined;
    if (!soleWriter && clock.monotonicMs() - entry.readAtMs > otherWritersSeenMs) return undefined;
    return entry.set;
  };
  const load: MetadataSets['load'] = async (workspaceId) => {
    const began = writes;
    const readAtMs = clock.monotonicMs();
    const [row] = await storage.resources([fieldsKey(workspaceId)]);
    const set = setOf(storedFields(row?.state));
    if (began === writes) entries.set(workspaceId, { set, readAtMs }, row ? 200 + roughBytes(row.state) : 100);
    return set;
  };
  return {
    known,
    load,
    get: async (workspaceId) => {
      const set = known(workspaceId);
      return set === undefined ? load(workspaceId) : set;
    },
    forget(workspaceId) {
      forget(workspaceId);
      others?.tell({ kind: 'forget', what: 'metadata', workspaceId });
    },
  };
}

/** Without definitions everything goes, whatever the rules say. */
function setOf({ fields, rules }: StoredFields): MetadataFieldSet | null {
  return fields.length === 0 ? null : { fields: new Map(fields.map((field) => [field.name, field])), rules };
}
