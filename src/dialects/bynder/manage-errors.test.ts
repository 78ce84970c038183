import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorMends } from '../../core/error-mends.ts';
import { type ErrorCode, errorTable, type Problem } from '../../core/errors.ts';
import type { VendorError } from '../contract/vendor-route.ts';
import { presentConfigurationError, presentError, presentMediaError } from './manage-errors.ts';

/** What nobody who writes a client of Bynder's API has heard of. Scopes and settings are named as they are called. */
const native = /\/v1\/|openapi|\/docs\b|(?<![\w/.:-])webhooks?(?![\w:.-])|\bworkspace\b/;

function error(code: ErrorCode, more: Partial<VendorError> = {}): VendorError {
  const { status } = errorTable[code];
  const [reason, mend] = ['Say what is wrong: this', errorMends[code]];
  return { code, status, reason, mend, detail: `${reason}. ${mend}`, ...more };
}

const messageOf = (answer: { readonly body: unknown }): string => (answer.body as { readonly message: string }).message;

test('No error of the API for configurations speaks of our own paths, webhooks and workspaces', () => {
  for (const code of Object.keys(errorTable) as ErrorCode[]) {
    for (const present of [presentError, presentConfigurationError, presentMediaError])
      assert.doesNotMatch(messageOf(present(error(code))), native, code);
  }
});

test('The configuration that is one too many is refused with how many there may be and how that is raised', () => {
  const reason = 'Keep at most 10 webhooks of dialect "bynder" in a workspace: there are 10';
  const mend = 'Remove one first, or allow more: PATCH /v1/dialects/bynder/properties sets webhookConfigurationsMax';
  const answer = presentConfigurationError(error('limit_reached', { reason, mend, detail: `${reason}. ${mend}` }));
  assert.deepEqual(answer, {
    status: 400,
    body: {
      message:
        'Keep at most 10 configurations: there are 10. Delete one (DELETE /v7/webhooks/public/api/subscriptions/{id}), or have ' +
        'the maximum raised: whoever runs this server sets webhookConfigurationsMax, as by: ' +
        'assetwire dialects properties bynder --set webhookConfigurationsMax=20',
    },
  });
});

test('What does not fit is named by the vendor’s fields, whatever field of ours it became', () => {
  const said = (problems: readonly Problem[]) =>
    messageOf(presentConfigurationError(error('invalid_request', { problems })));
  const problem = (at: string): Problem => ({ at, wanted: 'another', found: 'this' });
  for (const [at, theirs] of [
    ['/target/url', 'endpoint'],
    ['/credentials/password', 'endpoint'],
    ['/patch/events/3', 'events'],
    ['/settings/preArchivedNotificationDays', 'preArchivedNotificationDays'],
    ['/unknown', 'unknown'],
    ['', 'The body'],
  ] as const)
    assert.equal(said([problem(at)]), `${theirs} wants another, found this`, at);
  assert.equal(said([problem('/name'), problem('/target')]).split('; ').length, 2, 'all at once');
});

test('A path that is none is told apart from an id that is none', () => {
  const nothing = error('not_found', { unmatched: true });
  for (const present of [presentConfigurationError, presentMediaError, presentError])
    assert.match(messageOf(present(nothing)), /^There is nothing at this path: configurations are at \/v7\//);
  assert.equal(messageOf(presentConfigurationError(error('not_found'))), 'There is no configuration with this id');
  assert.equal(messageOf(presentMediaError(error('not_found'))), 'There is no media with this id');
});
