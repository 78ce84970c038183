import { IconAlertTriangle, IconCircleCheck, IconX } from '@tabler/icons-react';
import { useSyncExternalStore } from 'react';
import { Problem } from '../api/ask.ts';
import { setSignedOut } from '../app/signed-out.ts';
import { words } from '../words/words.ts';
import { Button } from './button.tsx';
import { wordsOf } from './state.tsx';

type Toast = { readonly id: number; readonly tone: 'good' | 'bad'; readonly text: string; readonly mend?: string };

const shownMs = 6_000;
const shownMax = 4;
let toasts: readonly Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function show(toast: Omit<Toast, 'id'>): void {
  const id = nextId++;
  toasts = [...toasts.slice(1 - shownMax), { ...toast, id }];
  for (const listener of listeners) listener();
  window.setTimeout(() => remove(id), toast.tone === 'bad' ? shownMs * 2 : shownMs);
}

function remove(id: number): void {
  toasts = toasts.filter((toast) => toast.id !== id);
  for (const listener of listeners) listener();
}

/** Says that something was done. */
export function tell(text: string): void {
  show({ tone: 'good', text });
}

/** Says what went wrong, in the server's words. */
export function tellProblem(error: unknown): void {
  // Who is not signed in any more is asked to sign in, and told nothing besides.
  if (error instanceof Problem && error.status === 401) {
    setSignedOut(true);
    return;
  }
  const mend = error instanceof Problem ? error.mend : undefined;
  show({ tone: 'bad', text: wordsOf(error), ...(mend === undefined ? {} : { mend }) });
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map(({ id, tone, text, mend }) => (
        <div key={id} className="toast" data-tone={tone}>
          {tone === 'good' ? <IconCircleCheck size={17} aria-hidden /> : <IconAlertTriangle size={17} aria-hidden />}
          <div className="grow">
            {text}
            {mend === undefined ? null : <div className="quiet">{mend}</div>}
          </div>
          <Button
            small
            look="plain"
            label={words.common.close}
            icon={<IconX size={15} aria-hidden />}
            onClick={() => remove(id)}
          />
        </div>
      ))}
    </div>
  );
}
