/**
 * Moving a whole installation from one store to another: rows by table in their stored form, in pages with a cursor, so
 * that a move that was cut off goes on. Both stores keep the same texts (`change-body.ts`, `prepared.ts`), so nothing is
 * read into objects and written anew: ids, versions, due times, sealed secrets and bodies are what they were.
 */

/** Tables of the target; the order is that of the move. */
export const movedTables = [
  'workspaces',
  'lanes',
  'resources',
  'revisions',
  'changes',
  'kept_changes',
  'kept_for',
  'queue',
  'bodies',
  'log',
  'attempts',
  'duties',
  'idempotency',
  'stats_minutes',
  'stats_hours',
] as const;
export type MovedTable = (typeof movedTables)[number];

export type MovedRow = { readonly [column: string]: string | number | boolean | null };

/** Something to be moved into one table; several parts may go into the same. */
export type MovePart = {
  readonly name: string;
  readonly table: MovedTable;
  readonly rows: number;
  /** The rows behind a cursor (null: from the beginning), and the cursor behind them; null where none is left. */
  page(after: string | null, limit: number): { readonly rows: readonly MovedRow[]; readonly after: string | null };
};

export type MoveSource = {
  /** Another one after anything was written to the store. */
  readonly fingerprint: string;
  readonly parts: readonly MovePart[];
  close(): void;
};

/** How far a move is: for each part that was begun, its cursor, or null where it is done. */
export type MoveProgress = { readonly [part: string]: { readonly after: string | null; readonly rows: number } };

export type TableSum = { readonly rows: number; readonly sum: string };

export type MoveTarget = {
  /** Where an earlier move of this source ended; empty at first. Throws where the target holds anything else. */
  begin(fingerprint: string): Promise<MoveProgress>;
  /** Writes rows and how far the part is, both or neither. */
  put(
    part: Pick<MovePart, 'name' | 'table'>,
    rows: readonly MovedRow[],
    done: { after: string | null; rows: number },
  ): Promise<void>;
  /** The print of a row as it must lie there: 48 bits in hex. */
  printOf(table: MovedTable, row: MovedRow): string;
  /** Rows and the sum of their prints, as they lie there. */
  sumOf(table: MovedTable): Promise<TableSum>;
  /** The target is an installation from now on. */
  finish(): Promise<void>;
  close(): Promise<void>;
};

/** What of a row goes into its print: its key, and everything that may not change on the way. Texts of any length are hashed. */
export const printedColumns: { readonly [Table in MovedTable]: readonly string[] } = {
  workspaces: ['id', 'webhooks_revision'],
  lanes: ['webhook', 'workspace', 'missed'],
  resources: ['workspace', 'type', 'id', 'version', 'alias', 'created_at', 'updated_at', 'state'],
  revisions: ['workspace', 'type', 'id', 'version', 'alias', 'created_at', 'updated_at', 'state'],
  changes: ['workspace', 'id', 'seq', 'kind', 'subject', 'accepted_at', 'unexpanded', 'body'],
  kept_changes: ['workspace', 'id', 'seq', 'kind', 'subject', 'accepted_at', 'unexpanded', 'body'],
  kept_for: ['workspace', 'change_id', 'delivery', 'until'],
  queue: [
    'workspace',
    'webhook',
    'position',
    'id',
    'due_at',
    'attempts',
    'change_id',
    'revision',
    'message_id',
    'frozen',
  ],
  bodies: ['delivery', 'workspace', 'ended_at', 'body'],
  log: ['workspace', 'webhook', 'position', 'id', 'attempts', 'change_id', 'state', 'ended_at', 'reason', 'attempt'],
  attempts: ['workspace', 'delivery', 'number', 'attempt'],
  duties: ['id', 'workspace', 'kind', 'due_at', 'version', 'attempts', 'payload'],
  idempotency: ['workspace', 'key', 'fingerprint', 'created_at', 'response'],
  stats_minutes: ['minute', 'webhook', 'attempts', 'delivered', 'failed', 'accepted'],
  stats_hours: ['hour', 'webhook', 'attempts', 'delivered', 'failed', 'accepted'],
};
