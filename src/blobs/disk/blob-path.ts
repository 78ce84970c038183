/** Where blobs lie, and how directories are made to last. No part of a path comes from outside. */
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { WorkspaceId } from '../../core/ids.ts';
import { blobAddress, isAddress, workspaceFolder } from '../address.ts';

/** The path of a blob; null for what is no content address. */
export function blobPathOrNull(files: string, workspaceId: WorkspaceId, blob: string): string | null {
  return isAddress(blob) ? blobPath(files, workspaceId, blob) : null;
}

export function blobPath(files: string, workspaceId: WorkspaceId, blob: string): string {
  return join(files, blobAddress(workspaceId, blob));
}

export function workspacePath(files: string, workspaceId: WorkspaceId): string {
  return join(files, workspaceFolder(workspaceId));
}

/** Makes a directory and syncs every directory above it up to `root`, so that its name lasts over a power loss. */
export async function makeDirectorySynced(path: string, root: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  for (let parent = dirname(path); parent.length >= root.length; parent = dirname(parent)) await syncDirectory(parent);
}

export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
