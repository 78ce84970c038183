/**
 * Several statements in one round trip: all of them are written at once and answered together behind one Sync. Up to it
 * they are one transaction, so a read with its settings needs neither BEGIN nor COMMIT. `pg` hands its connection to
 * whatever can be submitted (cursors and copy streams are made the same way).
 *
 * Statements are prepared under a name the first time a connection sees them. Nothing asks for column descriptions: whoever
 * wrote the statement knows its columns, and they come as text.
 */
import type { Connection as Wire } from 'pg';
import type { Parameter } from './parameters.ts';

export type Statement = { readonly sql: string; readonly values?: readonly Parameter[] };
/** Columns as text; SQL's NULL is null. */
export type Row = readonly (string | null)[];

/** What a connection remembers of the statements it has prepared: text → name, and those it cannot be sure of. */
export type PreparedNames = { readonly names: Map<string, string>; readonly unsure: Set<string>; next: number };

export function createPreparedNames(): PreparedNames {
  return { names: new Map(), unsure: new Set(), next: 1 };
}

/** Statements prepared on one connection; texts are a fixed set, this bounds a mistake. */
const namesMax = 1_000;

type DataRow = { readonly fields: Row };

/** What `pg` calls on something that was submitted. */
export type Submitted = {
  submit(wire: Wire): void;
  handleRowDescription(): void;
  handleDataRow(message: DataRow): void;
  handlePortalSuspended(): void;
  handleEmptyQuery(): void;
  handleCommandComplete(): void;
  handleReadyForQuery(): void;
  handleError(error: Error): void;
  callback(): void;
};

export type Pipeline = {
  readonly statements: readonly Statement[];
  /** Null: statements are parsed anew every time (a pooler that knows no prepared statements). */
  readonly prepared: PreparedNames | null;
  readonly done: (results: readonly (readonly Row[])[]) => void;
  readonly failed: (error: Error) => void;
};

/** Something that `client.query` takes. */
export function createPipeline({ statements, prepared, done, failed }: Pipeline): Submitted {
  const results: Row[][] = [];
  const parsed: string[] = [];
  let rows: Row[] = [];
  let settled = false;
  return {
    submit(wire) {
      wire.stream.cork();
      try {
        for (const { sql, values = [] } of statements) {
          const name = prepared === null ? '' : prepare(wire, { sql, prepared, parsed });
          if (prepared === null) wire.parse({ name, text: sql, types: [] }, true);
          // A Buffer is written as it is.
          wire.bind({ statement: name, values: [...values] }, true);
          wire.execute(null, true);
        }
        wire.sync();
      } finally {
        wire.stream.uncork();
      }
    },
    handleRowDescription: nothing,
    handleDataRow({ fields }) {
      rows.push(fields);
    },
    handlePortalSuspended: nothing,
    handleEmptyQuery: nothing,
    handleCommandComplete() {
      results.push(rows);
      rows = [];
    },
    handleReadyForQuery() {
      if (settled) return;
      settled = true;
      done(results);
    },
    handleError(error) {
      // Those behind the one that failed were not parsed, those before it were.
      for (const name of parsed) prepared?.unsure.add(name);
      if (settled) return;
      settled = true;
      failed(error);
    },
    callback: nothing,
  };
}

function nothing(): void {
  // Nothing to do: these messages do not come, or say nothing that is not known.
}

type Preparing = { readonly sql: string; readonly prepared: PreparedNames; readonly parsed: string[] };

/** The name of a statement on this connection; parsed where it is new. */
function prepare(wire: Wire, { sql, prepared, parsed }: Preparing): string {
  const known = prepared.names.get(sql);
  if (known !== undefined && !prepared.unsure.has(known)) return known;
  if (prepared.names.size >= namesMax) return forgetOldest(wire, { sql, prepared, parsed });
  const name = known ?? `aw_${prepared.next++}`;
  // Closing a name that is not there is no error.
  if (known !== undefined) wire.close({ type: 'S', name }, true);
  prepared.names.set(sql, name);
  prepared.unsure.delete(name);
  wire.parse({ name, text: sql, types: [] }, true);
  parsed.push(name);
  return name;
}

function forgetOldest(wire: Wire, preparing: Preparing): string {
  const { names, unsure } = preparing.prepared;
  const [oldest] = names;
  if (oldest !== undefined) {
    wire.close({ type: 'S', name: oldest[1] }, true);
    names.delete(oldest[0]);
    unsure.delete(oldest[1]);
  }
  return prepare(wire, preparing);
}
