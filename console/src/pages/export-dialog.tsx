import { IconDownload } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { ask, fetched } from '../api/ask.ts';
import { useChange } from '../api/queries.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Failure } from '../parts/state.tsx';
import { tellProblem } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { type DeliveryFilters, queryOf } from './delivery-filters.ts';

type Export = { readonly id: string; readonly state: string };

/** A file of what the filters show, made in the background. */
export function ExportDialog({
  filters,
  onClose,
}: {
  readonly filters: DeliveryFilters;
  readonly onClose: () => void;
}) {
  const [made, setMade] = useState<Export | null>(null);
  const change = useChange<Export>(['/v1/exports'], { quiet: true, onDone: setMade });
  const working = made !== null && made.state !== 'done' && made.state !== 'failed';
  useEffect(() => {
    if (!working) return undefined;
    const timer = window.setInterval(() => {
      ask<Export>('GET', `/v1/exports/${made.id}`).then(setMade, tellProblem);
    }, 600);
    return () => window.clearInterval(timer);
  }, [working, made?.id]);
  const begin = () => {
    const { status, states, fromMs, ...rest } = queryOf(filters, Date.now()) as {
      readonly [name: string]: string | number;
    };
    const chosen = Object.fromEntries(
      Object.entries(rest).filter(([name, value]) => value !== '' && name !== 'dialect'),
    );
    change.mutate({
      method: 'POST',
      path: '/v1/exports',
      body: {
        of: 'deliveries',
        ...chosen,
        ...(states === '' || states === undefined ? {} : { states: String(states).split(',') }),
        ...(status === '' || status === undefined ? {} : { status: Number(status) }),
        ...(fromMs === undefined ? {} : { fromMs }),
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
          <Button look="primary" busy={change.isPending || working} onClick={begin}>
            {working ? words.deliveries.exportMaking : words.deliveries.exportStart}
          </Button>
        )
      }
    >
      <p className="quiet">{words.deliveries.exportLead}</p>
      {change.error === null ? null : <Failure error={change.error} />}
    </Dialog>
  );
}
