/** Files that were dropped or chosen: folders are gone through, and each file knows how deep below the drop it lay. */
export type PlacedFile = {
  readonly file: File;
  /** `spring/hero`; empty for one that was dropped by itself. */
  readonly below: string;
};

/** More than anybody means to drop at once. */
const filesMax = 10_000;
/** What systems leave in folders for themselves. */
const systemNames: ReadonlySet<string> = new Set(['.DS_Store', 'Thumbs.db', 'desktop.ini']);

export const plainFiles = (files: FileList | null): readonly PlacedFile[] =>
  [...(files ?? [])].map((file) => ({ file, below: '' }));

/** Rejects where the browser may not read a folder. */
export function filesOf(transfer: DataTransfer): Promise<readonly PlacedFile[]> {
  // All at once: what was dropped can be asked for only while it is being dropped.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.every((entry) => entry.isFile)) return Promise.resolve(plainFiles(transfer.files));
  return gathered(entries);
}

async function gathered(entries: readonly FileSystemEntry[]): Promise<readonly PlacedFile[]> {
  const found: PlacedFile[] = [];
  const left = entries.map((entry) => ({ entry, below: '' }));
  for (let next = left.shift(); next !== undefined && found.length < filesMax; next = left.shift()) {
    const { entry, below } = next;
    if (isFile(entry)) {
      if (!systemNames.has(entry.name)) found.push({ file: await fileOf(entry), below });
    } else if (isFolder(entry)) {
      const inside = below === '' ? entry.name : `${below}/${entry.name}`;
      for (const child of await childrenOf(entry)) left.push({ entry: child, below: inside });
    }
  }
  return found;
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;
const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => entry.file(resolve, reject));

/** A reader gives a hundred at a time, and none in the end. */
async function childrenOf(folder: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = folder.createReader();
  const children: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<readonly FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return children;
    children.push(...some);
  }
}
