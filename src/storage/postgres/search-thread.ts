/** The thread that works on the indexes of searches; see search/thread-steps.ts. */
import { systemClock } from '../../runtime/clock.ts';
import { yieldToOthers } from '../../runtime/thread-priority.ts';
import { systemTurn } from '../../runtime/turn.ts';
import { answerCalls, type Request } from '../thread-call.ts';
import type { Connecting } from './connection.ts';
import { createPool, type Pool } from './pool.ts';
import { storageFaultOf } from './postgres-error.ts';
import { createIndexSteps, type IndexSteps } from './search/index-steps.ts';
import { createSql } from './sql.ts';

export type SearchThreadSettings = {
  readonly connecting: Omit<Connecting, 'pacing'>;
  readonly schema: string;
  readonly connectionsMax: number;
};

/** A long step of one workspace may keep those of others waiting. */
const waitMsMax = 30_000;
const waitingMax = 1_000;

let pool: Pool | null = null;
let steps: IndexSteps | null = null;
/** As the process has it; a test may hold it. */
let nowMs = 0;

function open({ connecting, schema, connectionsMax }: SearchThreadSettings): null {
  const paced = { ...connecting, pacing: systemClock };
  pool = createPool({ connecting: paced, connectionsMax, waitMsMax, waitingMax });
  steps = createIndexSteps({ pool, sql: createSql(schema), turn: systemTurn, nowMs: () => nowMs });
  // Whoever waits for it to be opened does not wait at that priority.
  yieldToOthers();
  return null;
}

function answer({ name, values }: Request): unknown {
  if (name === 'open') return open(values[0] as SearchThreadSettings);
  if (name === 'close') {
    pool?.close();
    return null;
  }
  if (steps === null) throw new Error('The thread of the search index must be open');
  const [workspaceId, atMs] = values as [string, number];
  nowMs = atMs;
  if (name === 'begin' || name === 'follow' || name === 'sweep') return steps[name](workspaceId);
  throw new Error(`The thread of the search index must know the call: ${name}`);
}

answerCalls(answer, storageFaultOf);
