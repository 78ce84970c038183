import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssetwireError } from '../core/errors.ts';
import { holdClock } from '../app/testing/app-fixture.ts';
import { createEngineLog } from './engine-log.ts';

const away = new AssetwireError('storage_unavailable', { detail: 'The database must answer: connection refused' });

test('a store that does not answer is said once per sentence and half minute, with how often it was not said', () => {
  const lines: object[] = [];
  const clock = holdClock();
  const write = (event: string, fields: object = {}): void => void lines.push({ event, ...fields });
  const log = createEngineLog({ info: write, warn: write, error: write }, clock);
  for (let n = 0; n < 600; n += 1) {
    log.warn({ err: away, n }, 'Duties could not be read: trying again');
    clock.advance(100);
  }
  log.warn({ err: away }, 'A lane could not be read: trying again');
  assert.deepEqual(lines, [
    { event: 'engine', err: away, n: 0, message: 'Duties could not be read: trying again' },
    { event: 'engine', err: away, n: 300, message: 'Duties could not be read: trying again', notLogged: 299 },
    { event: 'engine', err: away, message: 'A lane could not be read: trying again' },
  ]);
});

test('what is not the store’s is logged each time, and errors always', () => {
  const lines: object[] = [];
  const write = (event: string, fields: object = {}): void => void lines.push({ event, ...fields });
  const log = createEngineLog({ info: write, warn: write, error: write }, holdClock());
  for (let n = 0; n < 3; n += 1) {
    log.warn({ err: new Error('a bug') }, 'A duty failed: trying again');
    log.error({ err: away }, 'Results cannot be stored');
  }
  assert.equal(lines.length, 6);
});
