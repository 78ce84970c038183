import { useState } from 'react';
import { useAsk, useChange } from '../api/queries.ts';
import type { MetadataJob } from '../api/metadata.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Failure } from '../parts/state.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { mappingsPath } from './field-mapping-form.tsx';

/** The rules for all assets that are there: counted first where one wants to know, then done by a job. */
export function ApplyMappings({ onClose }: { readonly onClose: () => void }) {
  const [counting, setCounting] = useState<string | null>(null);
  const stale = ['/v1/metadata-jobs'];
  const count = useChange<MetadataJob>(stale, { quiet: true, onDone: ({ id }) => setCounting(id) });
  const apply = useChange<MetadataJob>(stale, {
    quiet: true,
    onDone() {
      tell(words.mappings.begun);
      onClose();
    },
  });
  const job = useAsk<MetadataJob>(counting === null ? null : `/v1/metadata-jobs/${counting}`, {}, { everyMs: 500 });
  const running = counting !== null && (job.data === undefined || job.data.state === 'running');
  const path = `${mappingsPath}/apply`;
  const failed = count.error ?? apply.error ?? job.error;
  return (
    <Dialog
      title={words.mappings.applyTitle}
      onClose={onClose}
      footer={
        <>
          <Button
            busy={count.isPending || running}
            onClick={() => {
              setCounting(null);
              count.mutate({ method: 'POST', path, body: { dryRun: true } });
            }}
          >
            {words.mappings.count}
          </Button>
          <Button
            look="primary"
            busy={apply.isPending}
            disabled={running}
            onClick={() => apply.mutate({ method: 'POST', path, body: {} })}
          >
            {words.mappings.applyNow}
          </Button>
        </>
      }
    >
      {failed === null ? null : <Failure error={failed} />}
      <p>{words.mappings.applyLead}</p>
      {counting === null ? null : (
        <p role="status">
          <strong>
            {job.data === undefined || running
              ? words.mappings.counting(job.data?.looked ?? 0)
              : words.mappings.counted(job.data.changed, job.data.looked)}
          </strong>
        </p>
      )}
    </Dialog>
  );
}
