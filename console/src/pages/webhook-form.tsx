/** The parts of a webhook that are written, drawn from its dialect's manifest: events, credentials, headers. */
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import type { EventDescription } from '../api/manifest.ts';
import { Button } from '../parts/button.tsx';
import { CheckField, problemAt, SelectField, TextField } from '../parts/field.tsx';
import { words } from '../words/words.ts';
import { type DraftProps, type Titled } from './webhook-draft.ts';

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
  aws: [
    ['accessKeyId', words.wizard.accessKeyId, false],
    ['secretAccessKey', words.wizard.secretAccessKey, true],
    ['sessionToken', words.wizard.sessionToken, true],
  ],
};

/** What proves the sender to a server on the web proves nothing to a queue, and a mail server is the operator's. */
function kindsFor({ capabilities }: DraftProps['manifest'], { transport }: DraftProps['draft']['target']) {
  const { credentials } = capabilities;
  if (transport === 'email') return [];
  return credentials.filter((kind) => kind === 'none' || (kind === 'aws') === (transport === 'sqs'));
}

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
  const kinds = kindsFor(manifest, draft.target);
  const present = draft.credentials ?? { kind: kept ?? 'none' };
  if (kinds.length <= 1) return null;
  const change = (patch: Readonly<Record<string, string>>) => {
    const { kind, ...given } = { ...present, ...patch };
    // What is left empty is not there.
    const filled = Object.entries(given).filter(([, value]) => value !== '');
    onChange({ credentials: { kind, ...Object.fromEntries(filled) } });
  };
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
        {...(kept === undefined || kept === 'none' || draft.credentials !== null ? {} : { hint: words.webhook.masked })}
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
