import type { InboxRequest } from '../api/inboxes.ts';
import { Code, HeaderTable } from '../parts/code.tsx';
import { textOfBase64 } from '../parts/format.ts';
import type { Tone } from '../parts/state.tsx';
import { words } from '../words/words.ts';

export const verificationTones: { readonly [result in InboxRequest['verification']['result']]: Tone } = {
  verified: 'good',
  failed: 'bad',
  unsigned: 'none',
};

/** One request that arrived: what was found of its signature, its headers, its body. */
export function RequestInside({ request }: { readonly request: InboxRequest }) {
  const body = textOfBase64(request.bodyBase64);
  return (
    <div className="inside">
      <p className="quiet">{request.verification.detail}</p>
      <div className="stack tight">
        <h3>{words.deliveries.body}</h3>
        {request.bodyBytes === 0 ? <p className="quiet">{words.inboxes.noBody}</p> : null}
        {request.bodyCut ? <p className="quiet">{words.inboxes.cut}</p> : null}
        {request.bodyBytes > 0 && body !== null ? <Code text={body} name={words.deliveries.body} json /> : null}
        {request.bodyBytes > 0 && body === null ? <p className="quiet">{words.deliveries.binary}</p> : null}
      </div>
      <div className="stack tight">
        <h3>{words.inboxes.headers}</h3>
        <HeaderTable headers={request.headers} />
      </div>
    </div>
  );
}

/** What a message says it is, as far as one can see without knowing whose it is. */
export function eventOf({ headers, bodyBase64, method, path }: InboxRequest): string {
  const body = readJson(bodyBase64);
  for (const name of ['type', 'event', 'Subject', 'event_type', 'eventType', 'trigger']) {
    const value = body?.[name];
    if (typeof value === 'string') return value;
  }
  const named = headers.find(([name]) => name === 'ce-type');
  return named?.[1] ?? `${method} ${path}`;
}

function readJson(base64: string): { readonly [key: string]: unknown } | null {
  try {
    const value: unknown = JSON.parse(atob(base64));
    return typeof value === 'object' && value !== null ? (value as { readonly [key: string]: unknown }) : null;
  } catch {
    return null;
  }
}
