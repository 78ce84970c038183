import { useEffect, useRef, useState } from 'react';
import { fetched } from './ask.ts';

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
    const source = new EventSource(fetched(path));
    let waiting: T[] = [];
    let frame = 0;
    const flush = () => {
      frame = 0;
      const events = waiting;
      waiting = [];
      handler.current(events);
    };
    source.addEventListener(event, (message) => {
      waiting.push(JSON.parse((message as MessageEvent<string>).data) as T);
      // A page in the background draws nothing and must not pile up either.
      if (waiting.length > 500) waiting = waiting.slice(-250);
      if (frame === 0) frame = requestAnimationFrame(flush);
    });
    source.addEventListener('open', () => setState('live'));
    source.addEventListener('error', () => setState('lost'));
    return () => {
      cancelAnimationFrame(frame);
      source.close();
    };
  }, [path, event, on]);
  return state;
}
