import { IconArrowBackUp, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useChange, useList, useMay } from '../api/queries.ts';
import type { Asset } from '../api/assets.ts';
import { Button } from '../parts/button.tsx';
import { Page } from '../parts/card.tsx';
import { Confirm } from '../parts/dialog.tsx';
import { Empty } from '../parts/state.tsx';
import { ListCard } from '../parts/list-card.tsx';
import { Heard } from '../parts/table.tsx';
import { Ago } from '../parts/time.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';

type Trashed = Asset & { readonly trashedAtMs: number; readonly deleteAtMs: number };

/** Deleted assets, until their time is up. */
export function Trash() {
  const may = useMay('assets:write');
  const list = useList<Trashed>('/v1/trash');
  const [erasing, setErasing] = useState<Trashed | null>(null);
  const restore = useChange(['/v1/trash', '/v1/assets'], { onDone: () => tell(words.trash.restored) });
  const erase = useChange(['/v1/trash'], { onDone: () => setErasing(null) });
  return (
    <Page title={words.trash.title} lead={words.trash.lead} back={{ href: '/assets', label: words.assets.title }}>
      <ListCard
        list={list}
        empty={
          <Empty icon={<IconTrash size={22} stroke={1.6} aria-hidden />} title={words.trash.empty}>
            {words.trash.emptyLead}
          </Empty>
        }
        label={words.trash.title}
        idOf={({ id }) => id}
        columns={[
          { name: words.assets.name, cell: ({ state }) => <span className="cut">{state.name}</span> },
          { name: words.assets.folder, cell: ({ state }) => <span className="cut quiet">{state.path}</span> },
          { name: words.trash.deleted, kind: 'fit', cell: ({ trashedAtMs }) => <Ago atMs={trashedAtMs} /> },
          { name: words.trash.until, kind: 'fit', cell: ({ deleteAtMs }) => <Ago atMs={deleteAtMs} /> },
          {
            name: <Heard>{words.common.actions}</Heard>,
            kind: 'fit',
            cell: (trashed) =>
              may ? (
                <span className="row" style={{ flexWrap: 'nowrap' }}>
                  <Button
                    small
                    icon={<IconArrowBackUp size={15} aria-hidden />}
                    onClick={() => restore.mutate({ method: 'POST', path: `/v1/trash/${trashed.id}/restore` })}
                  >
                    {words.trash.restore}
                  </Button>
                  <Button small look="danger" onClick={() => setErasing(trashed)}>
                    {words.trash.erase}
                  </Button>
                </span>
              ) : null,
          },
        ]}
      />
      {erasing === null ? null : (
        <Confirm
          title={`${words.trash.erase}: ${erasing.state.name}`}
          action={words.trash.erase}
          typed={erasing.state.name}
          busy={erase.isPending}
          onClose={() => setErasing(null)}
          onConfirm={() => erase.mutate({ method: 'DELETE', path: `/v1/trash/${erasing.id}` })}
        >
          <p>{words.trash.eraseLead}</p>
        </Confirm>
      )}
    </Page>
  );
}
