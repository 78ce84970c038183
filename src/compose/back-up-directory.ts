import { backUp, type BackUpRequest, type BackUpResult } from '../app/back-up.ts';
import { copyBlobs } from '../blobs/disk/copy-blobs.ts';
import { backUpFile } from '../storage/sqlite/back-up-file.ts';
import { databaseName } from './choose-storage.ts';

/** Copies the data directory as of one moment, whether a server runs on it or not. */
export function backUpDirectory(request: BackUpRequest): Promise<BackUpResult> {
  return backUp({ storeName: databaseName, filesName: 'files', copyStore: backUpFile, copyFiles: copyBlobs }, request);
}
