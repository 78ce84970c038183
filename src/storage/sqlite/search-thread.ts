/** The thread that keeps the search index; see search/index-keeper.ts. */
import { systemClock } from '../../runtime/clock.ts';
import { yieldToOthers } from '../../runtime/thread-priority.ts';
import { systemTurn } from '../../runtime/turn.ts';
import type { FeedPlace } from './search/feed-page.ts';
import { createKeeper, type Keeper } from './search/index-keeper.ts';
import { searchFileOf } from './search/search-file.ts';
import { answerCalls, type Request } from '../thread-call.ts';
import { storageFaultOf } from './sqlite-error.ts';

let keeper: Keeper | null = null;

async function answer({ name, values }: Request): Promise<unknown> {
  if (name === 'open') {
    const [file, storeId] = values as [string, string];
    keeper = createKeeper({ file, storeId, searchFile: searchFileOf(file), clock: systemClock, turn: systemTurn });
    // Whoever waits for it to be opened does not wait at that priority.
    yieldToOthers();
    return keeper.state();
  }
  if (keeper === null) throw new Error('The keeper of the search index must be open');
  switch (name) {
    case 'catchUp': {
      const [head, withinMs, workspaceId] = values as [FeedPlace | null, number, string?];
      const reached = await keeper.catchUp(head, withinMs, workspaceId);
      return { reached, ...keeper.state() };
    }
    case 'state':
      return keeper.state();
    case 'forget':
      return keeper.forget(values[0] as string);
    case 'rebuild':
      keeper.rebuild();
      return keeper.state();
    case 'close':
      keeper.close();
      return null;
    default:
      throw new Error(`The keeper of the search index must know the call: ${name}`);
  }
}

answerCalls(answer, storageFaultOf);
