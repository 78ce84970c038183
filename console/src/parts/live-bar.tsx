import { IconArrowUp, IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react';
import type { Live } from '../api/live.ts';
import { words } from '../words/words.ts';
import { Button } from './button.tsx';

/** Whether a list is live. */
export function LiveState({ of: { state } }: { readonly of: Pick<Live<never>, 'state'> }) {
  return (
    <span className="live" data-state={state} role="status">
      {words.common.live[state]}
    </span>
  );
}

/** How many wait, a way to see them, and the pause. */
export function LiveButtons({
  of: { waiting, paused, setPaused, show },
}: {
  readonly of: Pick<Live<never>, 'waiting' | 'paused' | 'setPaused' | 'show'>;
}) {
  return (
    <>
      {waiting === 0 ? null : (
        <Button small icon={<IconArrowUp size={15} aria-hidden />} onClick={show}>
          {words.common.newer(waiting)}
        </Button>
      )}
      <Button
        small
        look="plain"
        icon={paused ? <IconPlayerPlay size={15} aria-hidden /> : <IconPlayerPause size={15} aria-hidden />}
        onClick={() => setPaused(!paused)}
      >
        {paused ? words.common.resume : words.common.pause}
      </Button>
    </>
  );
}
