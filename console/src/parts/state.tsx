import { IconAlertTriangle, IconRefresh } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Problem } from '../api/ask.ts';
import { words } from '../words/words.ts';
import { Button } from './button.tsx';

export type Tone = 'good' | 'warn' | 'bad' | 'info' | 'none';

export function Badge({
  tone = 'none',
  bare = false,
  children,
  title,
}: {
  readonly tone?: Tone;
  readonly bare?: boolean;
  readonly children: ReactNode;
  readonly title?: string;
}) {
  return (
    <span className={bare ? 'badge bare' : 'badge'} data-tone={tone} title={title}>
      {children}
    </span>
  );
}

/** Nothing is here yet: what would be, and how to make the first. */
export function Empty({
  title,
  icon,
  children,
  action,
}: {
  readonly title: string;
  /** What would be here, as the menu shows it. */
  readonly icon?: ReactNode;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
}) {
  return (
    <div className="empty">
      {icon === undefined ? null : <span className="empty-icon">{icon}</span>}
      <h2>{title}</h2>
      {children === undefined ? null : <p>{children}</p>}
      {action}
    </div>
  );
}

/** What keeps the place of what is being fetched, so that nothing jumps. */
export function Loading({ lines = 4 }: { readonly lines?: number }) {
  return (
    <div className="stack" role="status" aria-label={words.common.loading}>
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} className="skeleton" style={{ width: `${92 - ((line * 17) % 40)}%` }} />
      ))}
    </div>
  );
}

/** What went wrong in the server's words, what to do about it, and a way to try again. */
export function Failure({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) {
  const mend = error instanceof Problem ? error.mend : undefined;
  return (
    <div className="notice" data-tone="bad" role="alert">
      <IconAlertTriangle size={18} aria-hidden />
      <div className="grow">
        <p>{wordsOf(error)}</p>
        {mend === undefined ? null : <p className="quiet">{mend}</p>}
      </div>
      {onRetry === undefined ? null : (
        <Button small icon={<IconRefresh size={15} aria-hidden />} onClick={onRetry}>
          {words.common.again}
        </Button>
      )}
    </div>
  );
}

export function Notice({
  tone = 'info',
  children,
  action,
}: {
  readonly tone?: Exclude<Tone, 'none'>;
  readonly children: ReactNode;
  readonly action?: ReactNode;
}) {
  return (
    <div className="notice" data-tone={tone}>
      <div className="grow">{children}</div>
      {action}
    </div>
  );
}

export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The part of a page that a question to the server fills: waiting, failed, or there. */
export function Loaded<T>({
  of,
  children,
  lines,
}: {
  readonly of: { readonly data: T | undefined; readonly error: unknown; readonly refetch: () => unknown };
  readonly lines?: number;
  readonly children: (data: T) => ReactNode;
}) {
  if (of.data !== undefined) return <>{children(of.data)}</>;
  if (of.error !== null && of.error !== undefined)
    return <Failure error={of.error} onRetry={() => void of.refetch()} />;
  return <Loading {...(lines === undefined ? {} : { lines })} />;
}
