import { useEffect, useRef, useState } from 'react';
import { isSignedOut } from '../app/signed-out.ts';
import { fetched } from './ask.ts';

/** How long one waits where the server refused a stream: of that browsers make an end. */
const openAgainMs = 5_000;

export type StreamState = 'connecting' | 'live' | 'lost' | 'paused';

/**
 * Server-sent events of a path while `on`; browsers connect again by themselves and say where they were. Events that come in one
 * frame are handed over together, so that a burst draws once.
 */
export function useStream<T>(
  { path, event, on = true }: { readonly path: string; readonly event: string; readonly on?: boolean },
  onEvents: (events: readonly T[]) => void,
): StreamState {
  const [state, setState] = useState<StreamState>('connecting');
  const handler = useRef(onEvents);
  handler.current = onEvents;
  useEffect(() => {
    if (!on) {
      setState('paused');
      return undefined;
    }
    setState('connecting');
    let source: EventSource | null = null;
    let again = 0;
    let waiting: T[] = [];
    let frame = 0;
    const flush = () => {
      frame = 0;
      const events = waiting;
      waiting = [];
      handler.current(events);
    };
    const take = (message: Event) => {
      waiting.push(JSON.parse((message as MessageEvent<string>).data) as T);
      // A page in the background draws nothing and must not pile up either.
      if (waiting.length > 500) waiting = waiting.slice(-250);
      if (frame === 0) frame = requestAnimationFrame(flush);
    };
    const open = () => {
      // Nobody is signed in: to ask would be to be refused.
      if (isSignedOut()) {
        again = window.setTimeout(open, openAgainMs);
        return;
      }
      const opened = new EventSource(fetched(path));
      opened.addEventListener(event, take);
      opened.addEventListener('open', () => setState('live'));
      opened.addEventListener('error', () => {
        setState('lost');
        if (opened.readyState === EventSource.CLOSED) again = window.setTimeout(open, openAgainMs);
      });
      source = opened;
    };
    open();
    return () => {
      window.clearTimeout(again);
      cancelAnimationFrame(frame);
      source?.close();
    };
  }, [path, event, on]);
  return state;
}
