/** A webhook's client certificate and its own authority: given as PEM, never shown again; what may be known of what is set. */
import type { TlsInput, Webhook } from '../api/webhooks.ts';
import { Button } from '../parts/button.tsx';
import { Facts } from '../parts/card.tsx';
import { problemAt } from '../parts/field.tsx';
import { showAgo } from '../parts/format.ts';
import { Badge, Notice } from '../parts/state.tsx';
import { TextFileField } from '../parts/text-file-field.tsx';
import { Moment, useNow } from '../parts/time.tsx';
import { words } from '../words/words.ts';
import type { Draft, DraftProps } from './webhook-draft.ts';

type Present = NonNullable<Webhook['tls']>;
type Certificate = NonNullable<Present['certificate']>;

const parts = ['certificatePem', 'keyPem', 'authorityPem'] as const;
/** Of what is set now, what each part takes the place of. */
const shownAs = { certificatePem: 'certificate', keyPem: null, authorityPem: 'authority' } as const;
/** As much as the API takes. */
const pemBytesMax = 65_536;
const files = '.pem,.crt,.cer,.key,.txt,application/x-pem-file';
const soonMs = 30 * 86_400_000;

/** Whether there is anything to ask: a receiver that is spoken to by TLS, or what is set or written and does not fit any more. */
export function hasTlsPart({ target, tls }: Pick<Draft, 'target' | 'tls'>): boolean {
  return isHttps(target) || tls === 'kept' || tls === null || Object.keys(tls).length > 0;
}

/** For the body that is sent: nothing where what is set stays. */
export function tlsToSend(tls: Draft['tls']): { readonly tls?: TlsInput | null } {
  if (tls === 'kept' || (tls !== null && Object.keys(tls).length === 0)) return {};
  return { tls };
}

function isHttps(target: Draft['target']): boolean {
  return target.transport === 'http' && /^https:/i.test(target.url.trim());
}

/** `folded`: where few will look for it. */
export function TlsForm({
  draft,
  onChange,
  problems,
  kept,
  folded = false,
}: DraftProps & { readonly kept?: Present | undefined; readonly folded?: boolean }) {
  const { tls, target } = draft;
  if (!hasTlsPart(draft)) return null;
  const inside = (
    <>
      {isHttps(target) || tls === null ? null : (
        <div className="field">
          <p className={problems.some(({ at }) => at === '/tls') ? 'wrong' : 'quiet'}>{words.tls.onlyHttps}</p>
        </div>
      )}
      {tls === 'kept' && kept !== undefined ? (
        <WhatIsSet of={kept} onChange={(next) => onChange({ tls: next })} />
      ) : tls === null ? (
        <Notice
          tone="warn"
          action={
            <Button small onClick={() => onChange({ tls: 'kept' })}>
              {words.tls.keep}
            </Button>
          }
        >
          {words.tls.goes}
        </Notice>
      ) : (
        <Texts given={tls === 'kept' ? {} : tls} kept={kept} problems={problems} onChange={onChange} />
      )}
    </>
  );
  return folded ? (
    <details className="sub-form">
      <summary>{words.tls.title}</summary>
      {inside}
    </details>
  ) : (
    <fieldset className="sub-form">
      <legend>{words.tls.title}</legend>
      {inside}
    </fieldset>
  );
}

function WhatIsSet({ of, onChange }: { readonly of: Present; readonly onChange: (tls: Draft['tls']) => void }) {
  return (
    <>
      {(['certificate', 'authority'] as const).map((name) => {
        const certificate = of[name];
        if (certificate === undefined) return null;
        const { subject, fingerprint, expiresAtMs } = certificate;
        return (
          <section key={name} className="stack tight" aria-label={words.tls[name]}>
            <h3>{words.tls[name]}</h3>
            <Facts
              of={[
                [words.tls.subject, subject],
                [words.tls.expires, <Expiry key="expires" atMs={expiresAtMs} />],
                [
                  words.tls.fingerprint,
                  <span key="fingerprint" className="mono">
                    {fingerprint}
                  </span>,
                ],
              ]}
            />
          </section>
        );
      })}
      <div className="row">
        <Button small onClick={() => onChange({})}>
          {words.tls.replace}
        </Button>
        <Button small look="danger" onClick={() => onChange(null)}>
          {words.tls.takeAway}
        </Button>
      </div>
    </>
  );
}

function Texts({
  given,
  kept,
  problems,
  onChange,
}: Pick<DraftProps, 'problems' | 'onChange'> & { readonly given: TlsInput; readonly kept: Present | undefined }) {
  const change = (part: (typeof parts)[number], text: string) => {
    const { [part]: _, ...others } = given;
    onChange({ tls: text === '' ? others : { ...others, [part]: text } });
  };
  return (
    <>
      <p className="quiet">{kept === undefined ? words.tls.lead : words.tls.replaceLead}</p>
      {parts.map((part) => {
        const shown = shownAs[part];
        const now = shown === null ? undefined : kept?.[shown]?.subject;
        return (
          <TextFileField
            key={part}
            label={words.tls.parts[part]}
            hint={`${words.tls.hints[part]}${now === undefined ? '' : ` ${words.tls.emptyTakes(now)}`}`}
            problem={problemAt(problems, `/tls/${part}`)}
            value={given[part] ?? ''}
            bytesMax={pemBytesMax}
            accept={files}
            veiled={part === 'keyPem'}
            onChange={(text) => change(part, text)}
          />
        );
      })}
      {kept === undefined ? null : (
        <div>
          <Button small onClick={() => onChange({ tls: 'kept' })}>
            {words.tls.keep}
          </Button>
        </div>
      )}
    </>
  );
}

/** When a certificate ends, marked where that is soon or over. */
function Expiry({ atMs }: { readonly atMs: number }) {
  const now = useNow();
  const leftMs = atMs - now;
  return (
    <span className="row">
      <Moment atMs={atMs} />
      {leftMs > soonMs ? null : (
        <Badge tone={leftMs > 0 ? 'warn' : 'bad'}>
          {leftMs > 0 ? words.tls.soon(showAgo(atMs, now)) : words.tls.expired}
        </Badge>
      )}
    </span>
  );
}

/** One that is set, in short. */
export function CertificateLine({ of: { subject, expiresAtMs } }: { readonly of: Certificate }) {
  return (
    <span className="stack tight">
      <span>{subject}</span>
      <span className="row">
        <span className="quiet">{words.tls.expires}</span> <Expiry atMs={expiresAtMs} />
      </span>
    </span>
  );
}
