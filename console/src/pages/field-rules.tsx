import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { refresh, useAsk, useChange, useMay } from '../api/queries.ts';
import type { Page } from '../api/json.ts';
import type { MetadataJob, MetadataRules } from '../api/metadata.ts';
import { Button } from '../parts/button.tsx';
import { Card } from '../parts/card.tsx';
import { SelectField } from '../parts/field.tsx';
import { Badge } from '../parts/state.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';

/** How strictly the workspace holds to its definitions. */
export function FieldRules() {
  const { data: rules } = useAsk<MetadataRules>('/v1/metadata-rules');
  const may = useMay('settings:write');
  const save = useChange(['/v1/metadata-rules'], { onDone: () => tell(words.common.saved) });
  if (rules === undefined) return null;
  const set = (patch: object) => save.mutate({ method: 'PATCH', path: '/v1/metadata-rules', body: patch });
  return (
    <Card title={words.fields.rules}>
      <fieldset className="columns bare" disabled={!may}>
        <SelectField
          label={words.fields.unknownFields}
          value={rules.unknownFields}
          choices={Object.entries(words.fields.unknown).map(([value, label]) => ({ value, label }))}
          onChange={(unknownFields) => set({ unknownFields })}
        />
        <SelectField
          label={words.fields.fromElsewhere}
          value={rules.fromElsewhere}
          choices={Object.entries(words.fields.elsewhere).map(([value, label]) => ({ value, label }))}
          onChange={(fromElsewhere) => set({ fromElsewhere })}
        />
      </fieldset>
    </Card>
  );
}

/** Work on assets that follows a change of a definition: its progress, and a way to stop it. */
export function FieldJobs() {
  const client = useQueryClient();
  const { data } = useAsk<Page<MetadataJob>>('/v1/metadata-jobs', { limit: 5 });
  const may = useMay('settings:write');
  const cancel = useChange(['/v1/metadata-jobs']);
  const running = data?.data.some(({ state }) => state === 'running') ?? false;
  useEffect(() => {
    if (!running) return undefined;
    const timer = window.setInterval(() => void refresh(client, '/v1/metadata-jobs'), 1_000);
    return () => window.clearInterval(timer);
  }, [client, running]);
  if (data === undefined || data.data.length === 0) return null;
  return (
    <Card title={words.fields.jobs}>
      <ul className="plain-list stack tight">
        {data.data.map(({ id, state, work, dryRun, looked, changed, failed }) => (
          <li key={id} className="row between">
            <span>
              {words.fields.jobKinds[work.kind] ?? work.kind} <span className="mono">{work.field ?? ''}</span>{' '}
              <span className="quiet">
                {dryRun ? words.fields.jobCounted(looked, changed) : words.fields.jobProgress(looked, changed)}
              </span>
              {failed === 0 ? null : <span className="wrong"> {words.fields.jobFailed(failed)}</span>}
            </span>
            <span className="row">
              <Badge tone={state === 'running' ? 'info' : state === 'done' ? 'good' : 'warn'}>
                {words.fields.jobStates[state]}
              </Badge>
              {state === 'running' && may ? (
                <Button small onClick={() => cancel.mutate({ method: 'DELETE', path: `/v1/metadata-jobs/${id}` })}>
                  {words.fields.jobCancel}
                </Button>
              ) : null}
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
