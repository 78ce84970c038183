/**
 * What `Message` of an SNS notification holds, before it is written as a text: `{media_id, media}` of everything that
 * concerns media. What a job or a scan is told with is not specified by the vendor: the names are those of its APIs.
 */
import type { Change } from '../../core/change.ts';
import { isList, isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Links } from '../dialect.ts';
import { brandOf, dated, mediaIdOf, mediaObject, vendorId } from './media-object.ts';
import { type EventRow, eventRows } from './events.ts';

const aboutOf: ReadonlyMap<string, EventRow['about']> = new Map(eventRows.map(({ name, about }) => [name, about]));

/** From the change alone, with keys in a fixed order: called twice, the same. Throws for an event that is none of ours. */
export function messageOf(change: Change, event: string, links: Pick<Links, 'rendition'>): JsonObject {
  const about = aboutOf.get(event);
  switch (about) {
    case 'media':
      return mediaMessage(change, links);
    case 'scan':
      return scanMessage(change);
    case 'job':
      return jobMessage(change);
    case undefined:
      throw new TypeError(`Write a message of ${JSON.stringify(event)}: there is no such event`);
    default:
      return about satisfies never;
  }
}

/** As it is now; of one that was deleted, as it was. */
function present({ before, after }: Change): JsonObject {
  return after ?? before ?? {};
}

function mediaMessage(change: Change, links: Pick<Links, 'rendition'>): JsonObject {
  const { subject, workspaceId } = change;
  const state = present(change);
  return {
    media_id: mediaIdOf(subject.id, state),
    media: mediaObject({ id: subject.id, workspaceId, state, links: change.after === null ? null : links }),
  };
}

function scanMessage(change: Change): JsonObject {
  const { subject, workspaceId, occurredAtMs } = change;
  const state = present(change);
  const found = scanOf(state);
  const assetId = mediaIdOf(subject.id, state);
  return {
    media_id: assetId,
    scan: {
      id: vendorId(change.id),
      accountId: brandOf(workspaceId),
      assetId,
      assetName: text(state, 'name'),
      scanStatus: ownValue(found, 'state') === 'failed' ? 'FAILED' : 'INFECTED',
      scanFailureReason: text(found, 'note'),
      dateAdded: dated(time(state, 'createdAtMs')),
      dateScanned: dated(time(found, 'atMs') ?? occurredAtMs),
    },
  };
}

/** What was found last of the files of an asset, the one it shows before others. */
function scanOf(state: JsonObject): JsonObject {
  const versions = ownValue(state, 'versions');
  const holders = [state, ...(isList(versions) ? versions.filter(isObject) : [])];
  const scans = holders.flatMap((holder) => {
    const file = ownValue(holder, 'file');
    const scan = isObject(file) ? ownValue(file, 'scan') : undefined;
    return isObject(scan) && bad.has(text(scan, 'state')) ? [scan] : [];
  });
  return scans.toSorted((left, right) => (time(right, 'atMs') ?? 0) - (time(left, 'atMs') ?? 0))[0] ?? {};
}

const bad: ReadonlySet<string> = new Set(['infected', 'failed']);

function jobMessage(change: Change): JsonObject {
  const { subject, actor, occurredAtMs } = change;
  const state = present(change);
  const deadline = time(state, 'deadlineAtMs');
  const created = time(state, 'createdAtMs') ?? occurredAtMs;
  const id = vendorId(subject.id);
  return {
    job_id: id,
    job: {
      id,
      name: text(state, 'name'),
      description: text(state, 'description'),
      deadline: deadline === null ? null : dated(deadline),
      createdByID: text(state, 'createdBy') || actor.id,
      accountableID: text(state, 'accountable') || null,
      dateCreated: dated(created),
      dateModified: dated(time(state, 'modifiedAtMs') ?? created),
      presetID: text(state, 'preset') || null,
      campaignID: text(state, 'campaign') || null,
      jobKey: text(state, 'key') || null,
      status: text(state, 'status'),
      media: linkedMedia(state),
    },
  };
}

/** Vendor ids of the assets that a job is about, those that came from elsewhere under the id they had there. */
function linkedMedia(job: JsonObject): readonly string[] {
  const assets = ownValue(job, 'assets');
  const aliases = ownValue(job, 'assetAliases');
  return (isList(assets) ? assets : []).flatMap((id) => {
    if (typeof id !== 'string') return [];
    const known = isObject(aliases) ? ownValue(aliases, id) : undefined;
    return [mediaIdOf(id, isObject(known) ? { aliases: known } : null)];
  });
}

function text(state: JsonObject, field: string): string {
  const value = ownValue(state, field);
  return typeof value === 'string' ? value : '';
}

function time(state: JsonObject, field: string): number | null {
  const value = ownValue(state, field);
  return typeof value === 'number' ? value : null;
}
