/** The parts of a webhook that are written, drawn from its dialect's manifest: what the wizard and the settings have in common. */
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import type { FieldProblem } from '../api/ask.ts';
import { useChange } from '../api/queries.ts';
import type { EventDescription, FormPart, Manifest, Protocol } from '../api/manifest.ts';
import type { Inbox, JsonObject, Target } from '../api/types.ts';
import { Button } from '../parts/button.tsx';
import { CheckField, problemAt, SelectField, TextField } from '../parts/field.tsx';
import { words } from '../words/words.ts';

export type Draft = {
  readonly name: string;
  readonly target: Target;
  readonly events: readonly string[];
  readonly settings: JsonObject;
  readonly headers: readonly (readonly [string, string])[];
  readonly credentials: Credentials | null;
  readonly contacts: readonly string[];
  readonly secret: string;
};

export type Credentials = { readonly kind: string; readonly [field: string]: string };

export type DraftProps = {
  readonly manifest: Manifest;
  readonly draft: Draft;
  readonly onChange: (patch: Partial<Draft>) => void;
  readonly problems: readonly FieldProblem[];
};

/** What the vendor calls this part. */
export type Titled = { readonly title?: string };

export function emptyTarget(transport: Target['transport']): Target {
  switch (transport) {
    case 'http':
      return { transport, url: '' };
    case 'sqs':
      return { transport, queue: '' };
    case 'email':
      return { transport, address: '' };
  }
}

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
  const inbox = useChange<Inbox>(['/v1/inboxes'], {
    onDone: (made) =>
      onChange({ target: { transport: 'http', url: manifest.capabilities.plainHttp ? made.url : made.tlsUrl } }),
  });
  if (fixed) return <p className="quiet">{words.webhook.targetFixed}</p>;
  const protocols = protocolsOf(manifest);
  const protocol =
    protocols.find(({ name }) => name === named) ?? protocols.find(({ transport }) => transport === target.transport);
  const label = part?.title ?? protocol?.endpoint.title ?? words.wizard.url;
  const hint = [part?.hint, protocol?.endpoint.description].filter((text) => text !== undefined && text !== '');
  const problem = problemAt(problems, '/target');
  const choose = (name: string) => {
    setNamed(name);
    const chosen = protocols.find((one) => one.name === name);
    if (chosen === undefined) return;
    onChange({
      ...(chosen.transport === target.transport ? {} : { target: emptyTarget(chosen.transport) }),
      settings: { ...draft.settings, ...chosen.settings },
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

export function EventsForm({ manifest, draft, onChange, problems, title = words.wizard.events }: DraftProps & Titled) {
  const [find, setFind] = useState('');
  const { events } = draft;
  const single = manifest.capabilities.singleEvent;
  const all = events.includes('*');
  const problem = problemAt(problems, '/events');
  const wanted = find.toLowerCase();
  const shown = manifest.events.filter(
    ({ name, summary }) => wanted === '' || `${name} ${summary}`.toLowerCase().includes(wanted),
  );
  if (single)
    return (
      <SelectField
        label={title}
        hint={words.wizard.oneEvent}
        problem={problem}
        value={events[0] ?? ''}
        choices={[
          { value: '', label: words.wizard.unset },
          ...manifest.events.map(({ name, summary }) => ({ value: name, label: `${name}: ${summary}` })),
        ]}
        onChange={(name) => onChange({ events: name === '' ? [] : [name] })}
      />
    );
  return (
    <fieldset className="field">
      <legend>{title}</legend>
      {problem === undefined ? null : <div className="wrong">{problem}</div>}
      <CheckField
        label={words.wizard.allEvents}
        checked={all}
        onChange={(on) => onChange({ events: on ? ['*'] : [] })}
      />
      {all ? null : (
        <>
          <div className="row between">
            <input
              className="input"
              style={{ maxWidth: 280 }}
              aria-label={words.wizard.findEvent}
              placeholder={words.wizard.findEvent}
              value={find}
              onChange={(event) => setFind(event.target.value)}
            />
            <span className="quiet">{words.wizard.chosen(events.length)}</span>
          </div>
          <div className="event-list" tabIndex={0} role="group" aria-label={title}>
            {shown.map((event) => (
              <EventCheck
                key={event.name}
                event={event}
                checked={events.includes(event.name)}
                onChange={(on) =>
                  onChange({ events: on ? [...events, event.name] : events.filter((name) => name !== event.name) })
                }
              />
            ))}
          </div>
        </>
      )}
    </fieldset>
  );
}

function EventCheck({
  event,
  checked,
  onChange,
}: {
  readonly event: EventDescription;
  readonly checked: boolean;
  readonly onChange: (on: boolean) => void;
}) {
  return (
    <CheckField
      label={<span className="mono">{event.name}</span>}
      hint={event.summary}
      checked={checked}
      onChange={onChange}
    />
  );
}

const credentialFields: {
  readonly [kind: string]: readonly (readonly [field: string, label: string, secret: boolean])[];
} = {
  none: [],
  basic: [
    ['username', words.wizard.username, false],
    ['password', words.wizard.password, true],
  ],
  bearer: [['token', words.wizard.token, true]],
};

/** The grants of OAuth 2 and what each needs. */
const grantFields: { readonly [grant: string]: readonly (readonly [field: string, label: string, secret: boolean])[] } =
  {
    password: [
      ['username', words.wizard.username, false],
      ['password', words.wizard.password, true],
      ['scope', words.wizard.scope, false],
    ],
    'client-credentials': [
      ['clientId', words.wizard.clientId, false],
      ['clientSecret', words.wizard.clientSecret, true],
      ['scope', words.wizard.scope, false],
    ],
  };

export function CredentialsForm({
  manifest,
  draft,
  onChange,
  problems,
  kept,
  title = words.wizard.credentials,
}: DraftProps & Titled & { readonly kept?: string }) {
  const { credentials: kinds } = manifest.capabilities;
  const present = draft.credentials ?? { kind: kept ?? 'none' };
  if (kinds.length <= 1) return null;
  const change = (patch: Readonly<Record<string, string>>) => onChange({ credentials: { ...present, ...patch } });
  const grant = present['grant'] ?? 'password';
  const fields =
    present.kind === 'oauth2'
      ? ([['tokenUrl', words.wizard.tokenUrl, false], ...(grantFields[grant] ?? [])] as const)
      : (credentialFields[present.kind] ?? []);
  return (
    <>
      <SelectField
        label={title}
        problem={problemAt(problems, '/credentials')}
        {...(kept === undefined || draft.credentials !== null ? {} : { hint: words.webhook.masked })}
        value={present.kind}
        choices={kinds.map((kind) => ({ value: kind, label: words.wizard.credentialKinds[kind] }))}
        onChange={(kind) => onChange({ credentials: kind === 'oauth2' ? { kind, grant: 'password' } : { kind } })}
      />
      {present.kind === 'oauth2' && draft.credentials !== null ? (
        <SelectField
          label={words.wizard.grant}
          value={grant}
          choices={Object.entries(words.wizard.grants).map(([value, label]) => ({ value, label }))}
          onChange={(chosen) =>
            onChange({
              credentials: {
                kind: 'oauth2',
                grant: chosen,
                ...(present['tokenUrl'] === undefined ? {} : { tokenUrl: present['tokenUrl'] }),
              },
            })
          }
        />
      ) : null}
      {draft.credentials === null
        ? null
        : fields.map(([field, label, secret]) => (
            <TextField
              key={field}
              label={label}
              type={secret ? 'password' : 'text'}
              problem={problemAt(problems, `/credentials/${field}`)}
              value={present[field] ?? ''}
              onChange={(value) => change({ [field]: value })}
            />
          ))}
    </>
  );
}

export function HeadersForm({
  manifest,
  draft,
  onChange,
  problems,
  title = words.wizard.headers,
}: DraftProps & Titled) {
  const { headers } = draft;
  const max = manifest.limits.customHeadersMax;
  if (!manifest.capabilities.customHeaders) return null;
  const set = (at: number, part: 0 | 1, text: string) =>
    onChange({
      headers: headers.map(([name, value], index) =>
        index !== at ? [name, value] : part === 0 ? [text, value] : [name, text],
      ),
    });
  return (
    <fieldset className="sub-form">
      <legend>{title}</legend>
      <p className="quiet">{words.wizard.headersHint(max)}</p>
      {problemAt(problems, '/headers') === undefined ? null : (
        <p className="wrong">{problemAt(problems, '/headers')}</p>
      )}
      {headers.map(([name, value], at) => (
        <div key={at} className="row" style={{ flexWrap: 'nowrap' }}>
          <input
            className="input mono"
            aria-label={words.wizard.headerName}
            placeholder={words.wizard.headerName}
            value={name}
            onChange={(event) => set(at, 0, event.target.value)}
          />
          <input
            className="input mono"
            aria-label={words.wizard.headerValue}
            placeholder={words.wizard.headerValue}
            value={value}
            onChange={(event) => set(at, 1, event.target.value)}
          />
          <Button
            small
            look="plain"
            label={words.common.remove}
            icon={<IconTrash size={16} aria-hidden />}
            onClick={() => onChange({ headers: headers.filter((_, index) => index !== at) })}
          />
        </div>
      ))}
      {headers.length < max ? (
        <div>
          <Button
            small
            icon={<IconPlus size={15} aria-hidden />}
            onClick={() => onChange({ headers: [...headers, ['', '']] })}
          >
            {words.wizard.addHeader}
          </Button>
        </div>
      ) : null}
    </fieldset>
  );
}
