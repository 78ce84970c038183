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
type Export = {
  readonly id: string;
  readonly state: 'running' | 'done' | 'failed' | 'cancelled';
  readonly reason?: string;
};

/** What is exported, by the names of the API: its kind and filters. Asked for when it is begun, for times go on. */
export type Exported = { readonly of: 'deliveries' | 'audit'; readonly [filter: string]: unknown };

/** A file of what the filters show, made in the background. */
export function ExportDialog({
  title,
  lead,
  what,
  refused,
  onClose,
}: {
  readonly title: string;
  readonly lead: string;
  readonly what: () => Exported;
  /** Why what is shown cannot be exported. */
  readonly refused?: string | undefined;
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
  const begin = () => change.mutate({ method: 'POST', path: '/v1/exports', body: { ...what(), format } });
  return (
    <Dialog
      title={title}
      onClose={onClose}
      footer={
        made?.state === 'done' ? (
          <a className="button primary" href={fetched(`/v1/exports/${made.id}/content`)} download>
            <IconDownload size={16} aria-hidden /> {words.deliveries.exportReady}
          </a>
        ) : (
          <Button look="primary" busy={change.isPending || working} disabled={refused !== undefined} onClick={begin}>
            {working ? words.deliveries.exportMaking : words.deliveries.exportStart}
          </Button>
        )
      }
    >
      <p className="quiet">{lead}</p>
      {refused === undefined ? null : <Notice tone="warn">{refused}</Notice>}
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
