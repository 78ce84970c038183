/** Where a webhook goes, in its vendor's own names for it. */
import { useState } from 'react';
import { useAsk, useChange } from '../api/queries.ts';
import type { FormPart, Manifest, Protocol } from '../api/manifest.ts';
import type { Inbox } from '../api/inboxes.ts';
import type { JsonObject } from '../api/json.ts';
import type { Target } from '../api/webhooks.ts';
import { Button } from '../parts/button.tsx';
import { problemAt, SelectField, TextField } from '../parts/field.tsx';
import { Notice } from '../parts/state.tsx';
import { words } from '../words/words.ts';
import { type DraftProps, emptyTarget } from './webhook-draft.ts';

export function TargetForm({
  manifest,
  draft,
  onChange,
  problems,
  fixed = false,
  part,
}: DraftProps & { readonly fixed?: boolean; readonly part?: FormPart }) {
  const [named, setNamed] = useState<string | null>(null);
  const { target } = draft;
  const protocols = protocolsOf(manifest);
  const protocol = protocolOf(protocols, named, target);
  const inbox = useChange<Inbox>(['/v1/inboxes'], {
    onDone: (made) => {
      const plain = manifest.capabilities.plainHttp && schemeOf(protocol?.endpoint.example ?? '') !== 'https';
      onChange({ target: { transport: 'http', url: plain ? made.url : made.tlsUrl } });
    },
  });
  const off = useTransportsOff(manifest).find(({ transport }) => transport === target.transport);
  if (fixed) return <p className="quiet">{words.webhook.targetFixed}</p>;
  const label = part?.title ?? protocol?.endpoint.title ?? words.wizard.url;
  const hint = [part?.hint, protocol?.endpoint.description].filter((text) => text !== undefined && text !== '');
  const problem = problemAt(problems, '/target');
  const choose = (name: string) => {
    setNamed(name);
    const chosen = protocols.find((one) => one.name === name);
    if (chosen === undefined) return;
    onChange({
      ...(chosen.transport === target.transport ? {} : { target: emptyTarget(chosen.transport), credentials: null }),
      settings: { ...withoutProtocol(draft.settings, protocols), ...chosen.settings },
    });
  };
  return (
    <>
      {protocols.length > 1 ? (
        <SelectField
          label={words.wizard.protocol}
          value={protocol?.name ?? ''}
          choices={protocols.map(({ name, title }) => ({ value: name, label: title }))}
          onChange={choose}
        />
      ) : null}
      {off === undefined ? null : (
        <Notice tone="warn">
          <p>
            <strong>{words.wizard.cannotMail}</strong> {words.wizard.cannotMailMend}
          </p>
          <p className="quiet">
            {words.wizard.cannotMailDetail} <code>{off.setting}</code>
          </p>
        </Notice>
      )}
      {target.transport === 'http' ? (
        <>
          {part?.split === undefined ? (
            <TextField
              label={label}
              type="url"
              mono
              required
              placeholder={protocol?.endpoint.example ?? 'https://'}
              hint={hint.length > 0 ? hint.join('. ') : urlHint(manifest)}
              problem={problem}
              value={target.url}
              onChange={(url) => onChange({ target: { ...target, url } })}
            />
          ) : (
            <SplitUrl
              names={part.split}
              hint={urlHint(manifest)}
              problem={problem}
              url={target.url}
              onChange={(url) => onChange({ target: { ...target, url } })}
            />
          )}
          <div>
            <Button
              small
              busy={inbox.isPending}
              onClick={() => inbox.mutate({ method: 'POST', path: '/v1/inboxes', body: {} })}
            >
              {words.wizard.useInbox}
            </Button>
          </div>
        </>
      ) : null}
      {target.transport === 'sqs' ? (
        <TextField
          label={protocol?.endpoint.title ?? words.wizard.queue}
          mono
          required
          placeholder={protocol?.endpoint.example ?? ''}
          hint={hint.join('. ')}
          problem={problem}
          value={target.queue}
          onChange={(queue) => onChange({ target: { ...target, queue } })}
        />
      ) : null}
      {target.transport === 'email' ? (
        <TextField
          label={protocol?.endpoint.title ?? words.wizard.address}
          type="email"
          required
          placeholder={protocol?.endpoint.example ?? ''}
          hint={hint.join('. ')}
          problem={problem}
          value={target.address}
          onChange={(address) => onChange({ target: { ...target, address } })}
        />
      ) : null}
    </>
  );
}

/** Ways that the server cannot deliver by as it is set up; asked only of dialects that know a way which needs setting up. */
function useTransportsOff({ id, transports }: Manifest): readonly TransportOff[] {
  const path = transports.includes('email') ? `/v1/dialects/${encodeURIComponent(id)}` : null;
  const { data } = useAsk<{ readonly transportsOff: readonly TransportOff[] }>(path);
  return data?.transportsOff ?? [];
}

type TransportOff = { readonly transport: string; readonly setting: string };

/** The one that was chosen, unless the address that was given is of another one. */
function protocolOf(protocols: readonly Protocol[], named: string | null, target: Target): Protocol | undefined {
  const possible = protocols.filter(({ transport }) => transport === target.transport);
  const chosen = possible.find(({ name }) => name === named) ?? possible[0];
  const scheme = target.transport === 'http' ? schemeOf(target.url) : '';
  if (scheme === '' || chosen === undefined || schemeOf(chosen.endpoint.example) === scheme) return chosen;
  return possible.find(({ endpoint }) => schemeOf(endpoint.example) === scheme) ?? chosen;
}

function schemeOf(url: string): string {
  return /^(https?):\/\//i.exec(url.trim())?.[1]?.toLowerCase() ?? '';
}

/** What another protocol brought along goes with it. */
function withoutProtocol(settings: JsonObject, protocols: readonly Protocol[]): JsonObject {
  const brought = new Set(protocols.flatMap((protocol) => Object.keys(protocol.settings ?? {})));
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !brought.has(name)));
}

/** The vendor's own, or one for each way that deliveries may go. */
function protocolsOf({ protocols, transports }: Manifest): readonly Protocol[] {
  if (protocols !== undefined) return protocols;
  if (transports.length < 2) return [];
  return transports.map((transport) => ({
    name: transport,
    title: words.wizard.protocols[transport],
    transport,
    endpoint: words.wizard.endpoints[transport],
  }));
}

function urlHint({ capabilities }: Manifest): string {
  return capabilities.plainHttp ? words.wizard.urlHint : words.wizard.urlHintHttps;
}

/** A URL as some vendors ask for it: where the receiver is, and what of it is called. */
function SplitUrl({
  names: [hostName, pathName],
  url,
  hint,
  problem,
  onChange,
}: {
  readonly names: readonly [host: string, path: string];
  readonly url: string;
  readonly hint: string;
  readonly problem: string | undefined;
  readonly onChange: (url: string) => void;
}) {
  const [, scheme = '', host = '', path = ''] = /^(?:([a-z][a-z0-9+.-]*:\/\/))?([^/]*)(.*)$/is.exec(url) ?? [];
  const shown = scheme === 'https://' ? host : `${scheme}${host}`;
  const join = (where: string, what: string) => {
    const whole = where.includes('://') || where === '' ? where : `https://${where}`;
    onChange(what === '' || what.startsWith('/') || where === '' ? `${whole}${what}` : `${whole}/${what}`);
  };
  return (
    <>
      <TextField
        label={hostName}
        mono
        required
        placeholder="api.example.com"
        hint={hint}
        problem={problem}
        value={shown}
        onChange={(where) => {
          // A whole URL that is pasted here brings its path along.
          const pasted = /^([a-z][a-z0-9+.-]*:\/\/[^/]+)(\/.*)$/i.exec(where.trim());
          if (pasted === null) join(where.trim(), path);
          else join(pasted[1] ?? '', pasted[2] ?? '');
        }}
      />
      <TextField
        label={pathName}
        mono
        placeholder="/hooks/assets"
        value={path}
        onChange={(what) => join(shown, what.trim())}
      />
    </>
  );
}
