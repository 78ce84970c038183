import { IconDownload } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { ask, fetched } from '../api/ask.ts';
import { useChange } from '../api/queries.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { SelectField } from '../parts/field.tsx';
import { Failure, Notice } from '../parts/state.tsx';
import { tellProblem } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { type DeliveryFilters, queryOf } from './delivery-filters.ts';

type Export = {
  readonly id: string;
  readonly state: 'running' | 'done' | 'failed' | 'cancelled';
  readonly reason?: string;
};

/** A file of what the filters show, made in the background. */
export function ExportDialog({
  filters,
  onClose,
}: {
  readonly filters: DeliveryFilters;
  readonly onClose: () => void;
}) {
  const [made, setMade] = useState<Export | null>(null);
  const [format, setFormat] = useState('ndjson');
  const change = useChange<Export>(['/v1/exports'], { quiet: true, onDone: setMade });
  const working = made?.state === 'running';
  useEffect(() => {
    if (!working) return undefined;
    const timer = window.setInterval(() => {
      ask<Export>('GET', `/v1/exports/${made.id}`).then(setMade, tellProblem);
    }, 600);
    return () => window.clearInterval(timer);
  }, [working, made?.id]);
  const begin = () => {
    const { states, outcomes, status, changeId: _, ...rest } = queryOf(filters, Date.now());
    const chosen = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== ''));
    change.mutate({
      method: 'POST',
      path: '/v1/exports',
      body: {
        of: 'deliveries',
        format,
        ...chosen,
        ...(states === '' ? {} : { states: states.split(',') }),
        ...(outcomes === '' ? {} : { outcomes: outcomes.split(',') }),
        ...(status === '' ? {} : { status: Number(status) }),
      },
    });
  };
  return (
    <Dialog
      title={words.deliveries.exportTitle}
      onClose={onClose}
      footer={
        made?.state === 'done' ? (
          <a className="button primary" href={fetched(`/v1/exports/${made.id}/content`)} download>
            <IconDownload size={16} aria-hidden /> {words.deliveries.exportReady}
          </a>
        ) : (
          <Button look="primary" busy={change.isPending || working} disabled={filters.changeId !== ''} onClick={begin}>
            {working ? words.deliveries.exportMaking : words.deliveries.exportStart}
          </Button>
        )
      }
    >
      <p className="quiet">{words.deliveries.exportLead}</p>
      {filters.changeId === '' ? null : <Notice tone="warn">{words.deliveries.notByChange}</Notice>}
      {change.error === null ? null : <Failure error={change.error} />}
      {made?.state === 'failed' ? <Failure error={new Error(made.reason ?? words.deliveries.exportFailed)} /> : null}
      <SelectField
        label={words.deliveries.exportFormat}
        value={format}
        choices={Object.entries(words.deliveries.exportFormats).map(([value, label]) => ({ value, label }))}
        onChange={(value) => {
          setMade(null);
          setFormat(value);
        }}
      />
    </Dialog>
  );
}
