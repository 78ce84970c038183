import { useState } from 'react';
import { Problem } from '../api/ask.ts';
import { useAsk, useChange } from '../api/queries.ts';
import type { SettingsView, TransportCheck } from '../api/people.ts';
import { Button } from '../parts/button.tsx';
import { Card, Facts } from '../parts/card.tsx';
import { problemAt, TextField } from '../parts/field.tsx';
import { showDuration } from '../parts/format.ts';
import { Badge, Failure, Loaded } from '../parts/state.tsx';
import { words } from '../words/words.ts';
import { PartHead } from './settings-parts.tsx';

const kinds = ['email', 'sqs'] as const;
type Kind = (typeof kinds)[number];

/** The settings of the process that each of them rests on, in the order in which they matter. */
const settingsOf: { readonly [kind in Kind]: readonly string[] } = {
  email: ['smtpUrl', 'smtpTls', 'mailFrom', 'mailFromName', 'dkimKey'],
  sqs: ['sqsCredentials', 'sqsPrincipal', 'sqsEndpoint'],
};

/** Whether mails and messages for queues leave: what is set, and a test of each. For admins of the installation. */
export function Transports() {
  const settings = useAsk<SettingsView>('/v1/settings');
  return (
    <>
      <PartHead lead={words.transports.lead} />
      <Loaded of={settings} lines={8}>
        {({ process }) => (
          <>
            {kinds.map((kind) => (
              <Transport key={kind} kind={kind} process={process} />
            ))}
          </>
        )}
      </Loaded>
    </>
  );
}

function Transport({ kind, process }: { readonly kind: Kind; readonly process: SettingsView['process'] }) {
  const [target, setTarget] = useState('');
  const check = useChange<TransportCheck>(['/v1/audit'], { quiet: true });
  const problems = check.error instanceof Problem ? check.error.problems : [];
  const field = kind === 'email' ? 'to' : 'queue';
  const problem = problemAt(problems, `/${field}`);
  const of = words.transports[kind];
  const present = settingsOf[kind].flatMap((name) => process.filter((setting) => setting.name === name));
  return (
    <Card title={of.title}>
      <div className="stack">
        <p>{of.lead}</p>
        <Facts of={present.map(({ variable, value }) => [variable, value, 'mono'])} />
        <form
          className="one-field"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            check.mutate({ method: 'POST', path: `/v1/transports/${kind}/check`, body: { [field]: target.trim() } });
          }}
        >
          <TextField
            label={of.target}
            hint={of.hint}
            type={kind === 'email' ? 'email' : 'text'}
            mono={kind === 'sqs'}
            placeholder={of.example}
            problem={problem}
            value={target}
            onChange={setTarget}
          />
          <Button type="submit" look="primary" busy={check.isPending} disabled={target.trim() === ''}>
            {of.send}
          </Button>
        </form>
        {check.error === null || problem !== undefined ? null : <Failure error={check.error} />}
        {check.data === undefined ? null : <Finding check={check.data} />}
      </div>
    </Card>
  );
}

function Finding({ check: { ok, server, tookMs, wanted, found, mend, target } }: { readonly check: TransportCheck }) {
  return (
    <div className="notice" data-tone={ok ? 'good' : 'bad'} role="status">
      <div className="grow stack tight">
        <p className="row">
          <Badge tone={ok ? 'good' : 'bad'}>{ok ? words.transports.taken : words.transports.notTaken}</Badge>
          <span className="quiet">{words.webhook.tookMs(showDuration(tookMs))}</span>
        </p>
        <Facts
          of={[
            [words.transports.asked, server === null ? undefined : <span className="mono">{server}</span>],
            [words.transports.forWhom, <span className="mono">{target}</span>],
            [words.transports.wanted, ok ? undefined : wanted],
            [words.transports.found, found],
            [ok ? words.transports.next : words.transports.mend, mend],
          ]}
        />
      </div>
    </div>
  );
}
