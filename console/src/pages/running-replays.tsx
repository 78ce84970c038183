import { useAsk, useChange, useMay } from '../api/queries.ts';
import type { Replay } from '../api/deliveries.ts';
import type { Page } from '../api/json.ts';
import { Button } from '../parts/button.tsx';
import { Notice } from '../parts/state.tsx';
import { words } from '../words/words.ts';

const path = '/v1/replays';

/** Replays that go on while one looks at something else: how far they are, and a way to stop each. */
export function RunningReplays() {
  const { data } = useAsk<Page<Replay>>(path, { state: 'running', limit: 5 }, { everyMs: 4_000 });
  const may = useMay('deliveries:write');
  const cancel = useChange([path, '/v1/deliveries']);
  return (
    <>
      {(data?.data ?? []).map(({ id, done, count }) => (
        <Notice
          key={id}
          action={
            may ? (
              <Button
                small
                busy={cancel.isPending}
                onClick={() => cancel.mutate({ method: 'DELETE', path: `${path}/${id}` })}
              >
                {words.deliveries.replayCancel}
              </Button>
            ) : null
          }
        >
          <span role="status">
            {words.deliveries.replayRuns} {words.deliveries.replaying(done, count)}
          </span>
        </Notice>
      ))}
    </>
  );
}
