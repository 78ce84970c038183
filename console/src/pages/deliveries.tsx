import { IconDownload, IconRepeat } from '@tabler/icons-react';
import { useState } from 'react';
import { useMay } from '../api/queries.ts';
import { useFilters } from '../app/address.ts';
import { Button } from '../parts/button.tsx';
import { Page } from '../parts/card.tsx';
import { words } from '../words/words.ts';
import { DeliveryFilterBar } from './delivery-filter-bar.tsx';
import { deliveryFilterNames, exportedOf } from './delivery-filters.ts';
import { DeliveryList } from './delivery-list.tsx';
import { ExportDialog } from './export-dialog.tsx';
import { ReplayDialog } from './replay-dialog.tsx';
import { RunningReplays } from './running-replays.tsx';

export function Deliveries() {
  const [filters, setFilters] = useFilters(deliveryFilterNames);
  const [open, setOpen] = useState<'replay' | 'export' | null>(null);
  const mayWrite = useMay('deliveries:write');
  return (
    <Page
      title={words.deliveries.title}
      lead={words.deliveries.lead}
      actions={
        <>
          <Button icon={<IconDownload size={16} aria-hidden />} onClick={() => setOpen('export')}>
            {words.deliveries.export}
          </Button>
          {mayWrite ? (
            <Button icon={<IconRepeat size={16} aria-hidden />} onClick={() => setOpen('replay')}>
              {words.deliveries.replay}
            </Button>
          ) : null}
        </>
      }
    >
      <DeliveryFilterBar filters={filters} onChange={setFilters} />
      <RunningReplays />
      <DeliveryList filters={filters} />
      {open === 'replay' ? <ReplayDialog filters={filters} onClose={() => setOpen(null)} /> : null}
      {open === 'export' ? (
        <ExportDialog
          title={words.deliveries.exportTitle}
          lead={words.deliveries.exportLead}
          what={() => exportedOf(filters, Date.now())}
          refused={filters.changeId === '' ? undefined : words.deliveries.notByChange}
          onClose={() => setOpen(null)}
        />
      ) : null}
    </Page>
  );
}
