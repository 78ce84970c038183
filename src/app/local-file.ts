/** Files as the processes that look into them want them: by path on this machine. */
import type { Blobs } from '../blobs/blobs.ts';
import type { Media } from '../media/media.ts';

export type LocalFileDeps = {
  readonly blobs: Pick<Blobs, 'localPath' | 'open'>;
  readonly media: Pick<Media, 'borrow'>;
};

/**
 * Runs `use` with a path to the bytes. What lies elsewhere is fetched for as long as that takes. Null where there are no
 * such bytes; bytes that go meanwhile make whoever reads them fail as a file that cannot be read.
 */
export async function withLocalFile<Result>(
  { blobs, media }: LocalFileDeps,
  { workspaceId, blob }: { readonly workspaceId: string; readonly blob: string },
  use: (path: string) => Promise<Result>,
): Promise<Result | null> {
  const path = blobs.localPath(workspaceId, blob);
  if (path !== null) return use(path);
  const content = await blobs.open(workspaceId, blob);
  if (content === null) return null;
  const borrowed = await media.borrow(content);
  try {
    return await use(borrowed.path);
  } finally {
    await borrowed.dispose();
  }
}
