/** How lists ask: statements in one round trip, in a transaction that sees the rows of one workspace only, where a role guards it. */
import type { Row, Statement } from './pipeline.ts';

/** Rows of the last statement. `workspaceId` null: over all workspaces. */
export type ListAsk = (workspaceId: string | null, statements: readonly Statement[]) => Promise<readonly Row[]>;

/** The statement that makes the limit of what is final known to the next one. */
export const setFinal: Statement = { sql: "SELECT set_config('assetwire.final', aw.final_below()::text, true)" };
/** In the statement behind `setFinal`: numbers below it can no longer appear anew. */
export const finalNumber = "current_setting('assetwire.final')::int8";

/** Collects conditions with their values, numbered in order. */
export type Conditions = {
  readonly values: (string | Buffer)[];
  /** Adds `condition` with its parameter, where it has one, in the place of `?`. */
  add(condition: string, value?: string | Buffer): void;
  text(): string;
};

export function createConditions(): Conditions {
  const values: (string | Buffer)[] = [];
  const conditions: string[] = [];
  return {
    values,
    add(condition, value) {
      if (value !== undefined) values.push(value);
      conditions.push(condition.replace('?', `$${values.length}`));
    },
    text: () => conditions.join(' AND '),
  };
}
