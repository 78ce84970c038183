import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeKinds } from '../../../src/core/change.ts';
import { eventsOf } from '../../../src/core/event-table.ts';
import { sampleChange } from '../../../src/core/sample-change.ts';
import { events } from '../../../src/dialects/bynder/events.ts';
import { messageOf } from '../../../src/dialects/bynder/payload.ts';
import { sampleLinks } from '../../../src/dialects/testing/sample-webhook.ts';
import { parseBynderEvent, VerificationError } from '../src/index.ts';

test('every message that is sent is read, with what it is about', () => {
  for (const kind of changeKinds) {
    for (const event of eventsOf(events, kind)) {
      const message = JSON.stringify(messageOf(sampleChange(kind), event, sampleLinks));
      const read = parseBynderEvent(event, message);
      assert.equal(read.event, event);
      if ('jobId' in read) assert.equal(read.job.name, 'Retouch');
      else if ('scan' in read) assert.equal(read.scan.scanStatus, 'INFECTED');
      else assert.equal(read.media?.id, read.mediaId);
    }
  }
});

test('a message without a media is one to ask the API about; an event of a later day is read by its name', () => {
  assert.deepEqual(parseBynderEvent('asset_bank.media.renamed', '{"media_id":"A"}'), {
    event: 'asset_bank.media.renamed',
    mediaId: 'A',
  });
});

test('what is none of their forms is refused', () => {
  for (const [subject, message] of [
    ['asset_bank.media.create', 'no JSON'],
    ['asset_bank.media.create', '[]'],
    ['asset_bank.media.create', '{"media_id":""}'],
    ['asset_bank.media.create', '{"media_id":7,"media":{}}'],
    ['something.else', '{"media_id":"A"}'],
    ['workflow.job.create', '{"media_id":"A"}'],
    ['antivirus.scan.failed', '{"media_id":"A"}'],
  ] as const)
    assert.throws(
      () => parseBynderEvent(subject, message),
      (error) => error instanceof VerificationError && error.code === 'invalid_payload',
      `${subject} ${message}`,
    );
});
