import { useMemo, useState } from 'react';
import { useChange, useMay } from '../api/queries.ts';
import type { Manifest } from '../api/manifest.ts';
import type { Webhook } from '../api/webhooks.ts';
import { Button, CopyButton } from '../parts/button.tsx';
import { Card, Facts } from '../parts/card.tsx';
import { Code } from '../parts/code.tsx';
import { Confirm } from '../parts/dialog.tsx';
import { CheckField } from '../parts/field.tsx';
import { Ago, Moment } from '../parts/time.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { snippetsOf, useSnippet } from './snippets.ts';

type Both = { readonly webhook: Webhook; readonly manifest: Manifest };

export function Secrets({ webhook, manifest }: Both) {
  const mayReveal = useMay('secrets:reveal');
  const mayWrite = useMay('webhooks:write');
  const [asking, setAsking] = useState(false);
  const [stopOld, setStopOld] = useState(false);
  const [shown, setShown] = useState<string | null>(null);
  const path = `/v1/webhooks/${webhook.id}`;
  const reveal = useChange<{ readonly secret: string }>([], { onDone: ({ secret }) => setShown(secret) });
  const rotate = useChange<{ readonly secret?: string }>([path], {
    onDone: ({ secret }) => {
      setAsking(false);
      setShown(secret ?? null);
      tell(words.webhook.rotated);
    },
  });
  const snippets = useMemo(() => snippetsOf(manifest.id), [manifest.id]);
  const [language, setLanguage] = useState('Node.js');
  const snippet = snippets.find((known) => known.language === language) ?? snippets[0];
  const code = useSnippet(snippet);
  return (
    <div className="columns">
      <Card
        title={words.webhook.secretTitle}
        actions={
          webhook.secrets.length > 0 && mayWrite ? (
            <Button small onClick={() => setAsking(true)}>
              {words.webhook.rotate}
            </Button>
          ) : null
        }
      >
        <div className="stack">
          {webhook.secrets.length === 0 ? (
            <p className="quiet">{words.webhook.secretNone}</p>
          ) : (
            <p className="quiet">{words.webhook.secretLead}</p>
          )}
          {webhook.secrets.map((secret) => (
            <Facts
              key={secret.createdAtMs}
              of={[
                [
                  secret.name,
                  <span key="masked" className="mono">
                    {secret.masked}
                  </span>,
                ],
                [words.common.created, <Ago key="created" atMs={secret.createdAtMs} />],
                [
                  words.webhook.until,
                  secret.expiresAtMs === null ? undefined : <Moment key="until" atMs={secret.expiresAtMs} />,
                ],
                [
                  words.webhook.publicKey,
                  secret.publicKey === undefined ? undefined : (
                    <span key="public" className="mono">
                      {secret.publicKey}
                    </span>
                  ),
                ],
              ]}
            />
          ))}
          {shown === null ? (
            webhook.secrets.length > 0 && mayReveal ? (
              <div>
                <Button
                  busy={reveal.isPending}
                  onClick={() => reveal.mutate({ method: 'POST', path: `${path}/reveal-secret` })}
                >
                  {words.webhook.reveal}
                </Button>
              </div>
            ) : null
          ) : (
            <div className="code">
              <div className="tools">
                <CopyButton text={shown} />
              </div>
              <pre aria-label={words.webhook.secretTitle}>{shown}</pre>
            </div>
          )}
        </div>
      </Card>
      <Card title={words.webhook.verifyTitle}>
        <div className="stack">
          <p>
            <span className="quiet">{words.webhook.signedBy}: </span>
            {manifest.signing.summary}
          </p>
          {snippets.length === 0 ? null : (
            <div className="segments" role="group" aria-label={words.webhook.verifyTitle} style={{ flexWrap: 'wrap' }}>
              {snippets.map((known) => (
                <button
                  key={known.language}
                  type="button"
                  aria-pressed={known === snippet}
                  onClick={() => setLanguage(known.language)}
                >
                  {known.language}
                </button>
              ))}
            </div>
          )}
          {code === null ? null : <Code text={code} name={words.webhook.verifyTitle} />}
        </div>
      </Card>
      {asking ? (
        <Confirm
          title={words.webhook.rotateTitle}
          action={words.webhook.rotate}
          danger={false}
          busy={rotate.isPending}
          onClose={() => setAsking(false)}
          onConfirm={() =>
            rotate.mutate({
              method: 'POST',
              path: `${path}/rotate-secret`,
              body: stopOld ? { revokeOldNow: true } : {},
            })
          }
        >
          <p>{words.webhook.rotateLead}</p>
          <CheckField
            label={words.webhook.rotateStopOld}
            hint={words.webhook.rotateStopOldHint}
            checked={stopOld}
            onChange={setStopOld}
          />
        </Confirm>
      ) : null}
    </div>
  );
}
