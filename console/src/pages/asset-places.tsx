import { IconFolder, IconFolderPlus, IconStack2, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { useAll, useChange, useMay } from '../api/queries.ts';
import type { Collection, Folder } from '../api/types.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { TextField } from '../parts/field.tsx';
import { Failure } from '../parts/state.tsx';
import { words } from '../words/words.ts';
import type { AssetFilters } from './asset-filters.ts';

/** Folders and collections, and the trash. */
export function AssetPlaces({
  filters,
  onChange,
}: {
  readonly filters: AssetFilters;
  readonly onChange: (patch: Partial<AssetFilters>) => void;
}) {
  const may = useMay('assets:write');
  const parent = filters.folder === '' ? '/' : filters.folder;
  const folders = useAll<Folder>('/v1/folders', { in: parent === '/' ? 'root' : `path:${parent}` });
  const collections = useAll<Collection>('/v1/collections');
  const [making, setMaking] = useState(false);
  const up = parent === '/' ? null : parent.slice(0, parent.lastIndexOf('/')) || '/';
  return (
    <aside>
      <div className="tree">
        <div className="tree-head">
          <h2>{words.assets.folders}</h2>
          {may ? (
            <Button
              small
              look="plain"
              label={words.assets.newFolder}
              icon={<IconFolderPlus size={16} aria-hidden />}
              onClick={() => setMaking(true)}
            />
          ) : null}
        </div>
        <button
          type="button"
          aria-pressed={filters.folder === '' && filters.collection === ''}
          onClick={() => onChange({ folder: '', collection: '' })}
        >
          <IconStack2 size={15} aria-hidden /> {words.assets.everywhere}
        </button>
        {up === null ? null : (
          <button type="button" aria-pressed={false} onClick={() => onChange({ folder: up === '/' ? '' : up })}>
            <IconFolder size={15} aria-hidden /> <span className="cut">.. {words.assets.parentFolder}</span>
          </button>
        )}
        {parent === '/' ? null : (
          <button type="button" aria-pressed onClick={() => onChange({ folder: parent })} title={parent}>
            <IconFolder size={15} aria-hidden /> <span className="cut">{parent.split('/').at(-1)}</span>
          </button>
        )}
        {(folders.data ?? []).map(({ id, name, path }) => (
          <button
            key={id}
            type="button"
            aria-pressed={false}
            style={{ paddingLeft: parent === '/' ? 8 : 22 }}
            onClick={() => onChange({ folder: path, collection: '' })}
          >
            <IconFolder size={15} aria-hidden /> <span className="cut">{name}</span>
          </button>
        ))}
      </div>
      {collections.data === undefined || collections.data.length === 0 ? null : (
        <div className="tree">
          <h2>{words.assets.collections}</h2>
          {collections.data.map(({ id, name }) => (
            <button
              key={id}
              type="button"
              aria-pressed={filters.collection === name}
              onClick={() => onChange({ collection: filters.collection === name ? '' : name, folder: '' })}
            >
              <IconStack2 size={15} aria-hidden /> <span className="cut">{name}</span>
            </button>
          ))}
        </div>
      )}
      <TrashLink />
      {making ? <NewFolder parent={parent} onClose={() => setMaking(false)} /> : null}
    </aside>
  );
}

function TrashLink() {
  return (
    <Link href="/assets/trash" className="nav-link">
      <IconTrash size={15} aria-hidden /> {words.trash.title}
    </Link>
  );
}

function NewFolder({ parent, onClose }: { readonly parent: string; readonly onClose: () => void }) {
  const [path, setPath] = useState(parent === '/' ? '/' : `${parent}/`);
  const make = useChange(['/v1/folders'], { quiet: true, onDone: onClose });
  return (
    <Dialog
      title={words.assets.newFolder}
      onClose={onClose}
      onSubmit={() => make.mutate({ method: 'POST', path: '/v1/folders', body: { path } })}
      footer={
        <Button type="submit" look="primary" busy={make.isPending}>
          {words.common.create}
        </Button>
      }
    >
      {make.error === null ? null : <Failure error={make.error} />}
      <TextField label={words.assets.folderPath} autoFocus mono value={path} onChange={setPath} />
    </Dialog>
  );
}
