import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMoment } from './films.ts';

test('moments of a film are typed as seconds, or with minutes and hours before them', () => {
  assert.equal(parseMoment('12.5'), 12_500);
  assert.equal(parseMoment('0'), 0);
  assert.equal(parseMoment('90'), 90_000);
  assert.equal(parseMoment('1:12.5'), 72_500);
  assert.equal(parseMoment('1:02:03.25'), 3_723_250);
  for (const wrong of ['', '-1', '1:2:3:4', '1.2345', 'soon', '1:', ':5'])
    assert.throws(() => parseMoment(wrong), wrong);
});
