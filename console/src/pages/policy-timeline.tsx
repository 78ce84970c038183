import type { Policy } from '../api/manifest.ts';
import { showDuration } from '../parts/format.ts';
import { words } from '../words/words.ts';

const shownMax = 12;

/** When a failed delivery is tried again, as a line of time: each wait, and how long after the first attempt that is. */
export function PolicyTimeline({ policy }: { readonly policy: Policy }) {
  const { delaysMs, ageMaxMs, jitter, then } = policy.schedule;
  let sinceMs = 0;
  const retries = delaysMs.map((delayMs) => {
    sinceMs += delayMs;
    return { delayMs, sinceMs };
  });
  const more = retries.length - shownMax;
  return (
    <>
      <ol className="timeline policy">
        <li data-tone="good">
          <span>{words.webhook.scheduleStart}</span>
        </li>
        {retries.slice(0, shownMax).map((retry, at) => (
          <li key={at} data-tone="warn">
            <span>{words.webhook.scheduleRetry(at + 1, showDuration(retry.delayMs))}</span>
            {at === 0 ? null : (
              <span className="quiet number">{words.webhook.scheduleIn(showDuration(retry.sinceMs))}</span>
            )}
          </li>
        ))}
        {more > 0 ? (
          <li>
            <span className="quiet">{words.webhook.scheduleMore(more)}</span>
          </li>
        ) : null}
        {then === undefined ? null : (
          <li data-tone="warn">
            <span>{words.webhook.scheduleThen(then.times, showDuration(then.everyMs))}</span>
          </li>
        )}
        <li data-tone="bad">
          <span>{words.webhook.scheduleEnd(showDuration(ageMaxMs))}</span>
        </li>
      </ol>
      {jitter > 0 ? <p className="quiet">{words.webhook.scheduleJitter(Math.round(jitter * 100))}</p> : null}
    </>
  );
}
