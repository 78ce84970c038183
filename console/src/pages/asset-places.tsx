import { IconFolder, IconFolderPlus, IconPencil, IconPlus, IconStack2, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'wouter';
import { useAll, useMay } from '../api/queries.ts';
import type { Collection, Folder } from '../api/assets.ts';
import { Button } from '../parts/button.tsx';
import { words } from '../words/words.ts';
import type { AssetFilters } from './asset-filters.ts';
import { CollectionForm, RemoveCollection } from './collection-dialogs.tsx';
import { MoveFolder, NewFolder, nameOf, parentOf, RemoveFolder } from './folder-dialogs.tsx';
import { holdsAssets } from './asset-drag.ts';

type Open =
  | 'new-folder'
  | 'move-folder'
  | 'remove-folder'
  | 'new-collection'
  | 'rename-collection'
  | 'remove-collection';

type PlacesProps = {
  readonly filters: AssetFilters;
  readonly onChange: (patch: Partial<AssetFilters>) => void;
  /** Assets were dragged onto a folder. */
  readonly onMoveHere: (path: string) => void;
};

/** Folders and collections, and the trash. */
export function AssetPlaces(props: PlacesProps) {
  return (
    <aside>
      <Folders {...props} />
      <Collections {...props} />
      <TrashLink />
    </aside>
  );
}

function Folders({ filters, onChange, onMoveHere }: PlacesProps) {
  const may = useMay('assets:write');
  const here = filters.folder === '' ? '/' : filters.folder;
  const folders = useAll<Folder>('/v1/folders', { in: here === '/' ? 'root' : `path:${here}` });
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => setOpen(null);
  const go = (path: string) => {
    close();
    onChange({ folder: path === '/' ? '' : path, collection: '' });
  };
  const place = { onGo: go, onMoveHere: may ? onMoveHere : null };
  return (
    <>
      <div className="tree">
        <div className="tree-head">
          <h2>{words.assets.folders}</h2>
          {may ? (
            <Button
              small
              look="plain"
              label={words.assets.newFolder}
              icon={<IconFolderPlus size={16} aria-hidden />}
              onClick={() => setOpen('new-folder')}
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
        {here === '/' ? null : (
          <>
            <FolderPlace {...place} path={parentOf(here)} label={`.. ${words.assets.parentFolder}`} />
            <div className="tree-here">
              <FolderPlace {...place} path={here} label={nameOf(here)} pressed />
              {may ? (
                <>
                  <Button
                    small
                    look="plain"
                    label={words.folders.edit(nameOf(here))}
                    icon={<IconPencil size={15} aria-hidden />}
                    onClick={() => setOpen('move-folder')}
                  />
                  <Button
                    small
                    look="plain"
                    label={words.folders.delete(nameOf(here))}
                    icon={<IconTrash size={15} aria-hidden />}
                    onClick={() => setOpen('remove-folder')}
                  />
                </>
              ) : null}
            </div>
          </>
        )}
        {(folders.data ?? []).map(({ id, name, path }) => (
          <FolderPlace key={id} {...place} path={path} label={name} inset={here !== '/'} />
        ))}
      </div>
      {open === 'new-folder' ? <NewFolder parent={here} onClose={close} /> : null}
      {open === 'move-folder' ? <MoveFolder path={here} onDone={go} onClose={close} /> : null}
      {open === 'remove-folder' ? <RemoveFolder path={here} onDone={go} onClose={close} /> : null}
    </>
  );
}

/** A folder one goes to, and drags assets to. */
function FolderPlace({
  path,
  label,
  pressed = false,
  inset = false,
  onGo,
  onMoveHere,
}: {
  readonly path: string;
  readonly label: string;
  readonly pressed?: boolean;
  readonly inset?: boolean;
  readonly onGo: (path: string) => void;
  readonly onMoveHere: ((path: string) => void) | null;
}) {
  const [over, setOver] = useState(false);
  return (
    <button
      type="button"
      aria-pressed={pressed}
      title={path}
      data-inset={inset}
      data-over={over}
      onClick={() => onGo(path)}
      onDragOver={(event) => {
        if (onMoveHere === null || !holdsAssets(event.dataTransfer)) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        if (onMoveHere === null || !holdsAssets(event.dataTransfer)) return;
        event.preventDefault();
        setOver(false);
        onMoveHere(path);
      }}
    >
      <IconFolder size={15} aria-hidden /> <span className="cut">{label}</span>
    </button>
  );
}

function Collections({ filters, onChange }: PlacesProps) {
  const may = useMay('assets:write');
  const { data: collections } = useAll<Collection>('/v1/collections');
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => setOpen(null);
  const chosen = collections?.find(({ key }) => key === filters.collection);
  if (collections === undefined || (collections.length === 0 && !may)) return null;
  return (
    <>
      <div className="tree">
        <div className="tree-head">
          <h2>{words.assets.collections}</h2>
          {may ? (
            <Button
              small
              look="plain"
              label={words.collections.make}
              icon={<IconPlus size={16} aria-hidden />}
              onClick={() => setOpen('new-collection')}
            />
          ) : null}
        </div>
        {collections.map(({ id, key, name }) => (
          <div key={id} className="tree-here">
            <button
              type="button"
              aria-pressed={key === filters.collection}
              title={name}
              onClick={() => onChange({ collection: key === filters.collection ? '' : key, folder: '' })}
            >
              <IconStack2 size={15} aria-hidden /> <span className="cut">{name}</span>
            </button>
            {may && key === filters.collection ? (
              <>
                <Button
                  small
                  look="plain"
                  label={words.collections.edit(name)}
                  icon={<IconPencil size={15} aria-hidden />}
                  onClick={() => setOpen('rename-collection')}
                />
                <Button
                  small
                  look="plain"
                  label={words.collections.delete(name)}
                  icon={<IconTrash size={15} aria-hidden />}
                  onClick={() => setOpen('remove-collection')}
                />
              </>
            ) : null}
          </div>
        ))}
      </div>
      {open === 'new-collection' ? <CollectionForm onClose={close} /> : null}
      {open === 'rename-collection' && chosen !== undefined ? <CollectionForm of={chosen} onClose={close} /> : null}
      {open === 'remove-collection' && chosen !== undefined ? (
        <RemoveCollection
          of={chosen}
          onClose={close}
          onDone={() => {
            close();
            onChange({ collection: '' });
          }}
        />
      ) : null}
    </>
  );
}

function TrashLink() {
  return (
    <Link href="/assets/trash" className="nav-link">
      <IconTrash size={15} aria-hidden /> {words.trash.title}
    </Link>
  );
}
