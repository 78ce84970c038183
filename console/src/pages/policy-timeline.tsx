import type { Policy } from '../api/manifest.ts';
import { showDuration } from '../parts/format.ts';
import { words } from '../words/words.ts';

const shownMax = 12;

/** When a failed delivery is tried again, as a line of time. */
export function PolicyTimeline({ policy }: { readonly policy: Policy }) {
  const { delaysMs, ageMaxMs } = policy.schedule;
  return (
    <ol className="timeline">
      <li data-tone="good">{words.webhook.scheduleStart}</li>
      {delaysMs.slice(0, shownMax).map((delayMs, at) => (
        <li key={at} data-tone="warn">
          {words.webhook.scheduleRetry(at + 1, showDuration(delayMs))}
        </li>
      ))}
      {delaysMs.length > shownMax ? <li>… {delaysMs.length}</li> : null}
      <li data-tone="bad">{words.webhook.scheduleEnd(showDuration(ageMaxMs))}</li>
    </ol>
  );
}
