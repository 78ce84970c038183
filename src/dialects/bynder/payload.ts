/**
 * What `Message` of an SNS notification holds, before it is written as a text: `{media_id, media}` of everything that
 * concerns media. What a job or a scan is told with is not specified by the vendor: the names are those of its APIs.
 */
import type { Change } from '../../core/change.ts';
import { isList, isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import { numberIn, objectsIn, textIn } from '../json-fields.ts';
import type { Links } from '../contract/message.ts';
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
      assetName: textIn(state, 'name'),
      scanStatus: ownValue(found, 'state') === 'failed' ? 'FAILED' : 'INFECTED',
      scanFailureReason: textIn(found, 'note'),
      dateAdded: dated(numberIn(state, 'createdAtMs')),
      dateScanned: dated(numberIn(found, 'atMs') ?? occurredAtMs),
    },
  };
}

/** What was found last of the files of an asset, the one it shows before others. */
function scanOf(state: JsonObject): JsonObject {
  const holders = [state, ...objectsIn(state, 'versions')];
  const scans = holders.flatMap((holder) => {
    const file = ownValue(holder, 'file');
    const scan = isObject(file) ? ownValue(file, 'scan') : undefined;
    return isObject(scan) && bad.has(textIn(scan, 'state')) ? [scan] : [];
  });
  return scans.toSorted((left, right) => (numberIn(right, 'atMs') ?? 0) - (numberIn(left, 'atMs') ?? 0))[0] ?? {};
}

const bad: ReadonlySet<string> = new Set(['infected', 'failed']);

function jobMessage(change: Change): JsonObject {
  const { subject, actor, occurredAtMs } = change;
  const state = present(change);
  const deadline = numberIn(state, 'deadlineAtMs');
  const created = numberIn(state, 'createdAtMs') ?? occurredAtMs;
  const id = vendorId(subject.id);
  return {
    job_id: id,
    job: {
      id,
      name: textIn(state, 'name'),
      description: textIn(state, 'description'),
      deadline: deadline === null ? null : dated(deadline),
      createdByID: textIn(state, 'createdBy') || actor.id,
      accountableID: textIn(state, 'accountable') || null,
      dateCreated: dated(created),
      dateModified: dated(numberIn(state, 'modifiedAtMs') ?? created),
      presetID: textIn(state, 'preset') || null,
      campaignID: textIn(state, 'campaign') || null,
      jobKey: textIn(state, 'key') || null,
      status: textIn(state, 'status'),
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
