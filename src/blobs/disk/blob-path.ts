/** Where blobs lie. No part of a path comes from outside. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
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

export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
