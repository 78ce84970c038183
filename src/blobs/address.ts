/** Where blobs lie, whatever they lie in. No part of an address comes from outside, and every implementation has the same. */
import { createHash } from 'node:crypto';
import type { WorkspaceId } from '../core/ids.ts';

const addressForm = /^[0-9a-f]{64}$/;

/** Whether a text can be a content address at all. */
export function isAddress(blob: string): boolean {
  return addressForm.test(blob);
}

/** The folder of a workspace: a hash of its id. */
export function workspaceFolder(workspaceId: WorkspaceId): string {
  return createHash('sha256').update(workspaceId).digest('hex').slice(0, 32);
}

/** The path of a blob below `files`, separated by slashes. */
export function blobAddress(workspaceId: WorkspaceId, blob: string): string {
  return `${workspaceFolder(workspaceId)}/${blob.slice(0, 2)}/${blob}`;
}
