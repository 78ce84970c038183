/**
 * Errors in the words of Bynder's API: its clients have never heard of our webhooks, workspaces and paths. What we say is
 * wrong stays as it is; what to do about it names the vendor's surface, or what whoever runs the server can do.
 */
import type { ErrorCode, Problem } from '../../core/errors.ts';
import { problemSentence } from '../../core/problem-sentence.ts';
import type { VendorAnswer, VendorError } from '../contract/vendor-route.ts';

/** Property by which the number of configurations is raised. */
export const configurationsMax = 'webhookConfigurationsMax';
/** Below the mount. */
export const configurationsPath = '/v7/webhooks/public/api/subscriptions';

/** Error bodies beyond `{}` are not specified by the vendor. */
export function failure(status: number, message: string): VendorAnswer {
  return { status, body: { message } };
}

/** The vendor's 400 is what our 422 means. */
export function presentError(error: VendorError): VendorAnswer {
  return failure(error.status === 422 ? 400 : error.status, vendorText(error));
}

/** As `presentError`, with the vendor's names of the fields of a configuration. */
export function presentConfigurationError(error: VendorError): VendorAnswer {
  const { code, problems = [], unmatched } = error;
  if (code === 'not_found' && unmatched !== true) return failure(404, 'There is no configuration with this id');
  if (problems.length === 0) return presentError(error);
  return failure(error.status === 422 ? 400 : error.status, problems.map(theirProblem).join('; '));
}

/** As `presentError`, for a media that there is not. */
export function presentMediaError(error: VendorError): VendorAnswer {
  const isMissing = error.code === 'not_found' && error.unmatched !== true;
  return isMissing ? failure(404, 'There is no media with this id') : presentError(error);
}

/** What is wrong, and what to do about it where that is not something of our own API. */
export function vendorText(error: VendorError): string {
  if (error.unmatched === true) {
    return `There is nothing at this path: configurations are at ${configurationsPath}, a media at /api/v4/media/{id}/`;
  }
  const { code, reason = error.detail, mend } = error;
  const known = mends[code] ?? (mend === undefined || ours.test(mend) ? undefined : mend);
  const words = [reason, ...(known === undefined ? [] : [known])].map(reworded);
  return words.join('. ');
}

/** Places that are no part of the vendor's API. */
const ours = /\/v1\/|\/docs\b|openapi/;

const mends: { readonly [Code in ErrorCode]?: string } = {
  limit_reached:
    `Delete one (DELETE ${configurationsPath}/{id}), or have the maximum raised: ` +
    `whoever runs this server sets ${configurationsMax}, as by: assetwire dialects properties bynder --set ${configurationsMax}=20`,
  forbidden:
    'Here webhooks:read is the role "View Webhooks configurations" (webhooks.config:read), webhooks:write the role ' +
    '"Manage Webhooks configurations" (webhooks.config:write), assets:read is asset:read',
  invalid_event:
    'Whoever runs this server switches modules on, as by: assetwire dialects properties bynder --set workflowEnabled=true',
};

const rewordings: readonly (readonly [ours: RegExp, theirs: string])[] = [
  [/^The target\b/, 'endpoint'],
  // Scopes are spelled as they are asked for.
  [/\bwebhooks of dialect "bynder" in a workspace\b/, 'configurations'],
  [/(?<![\w/.-])webhooks(?![\w:.-])/g, 'configurations'],
  [/(?<![\w/.-])webhook(?![\w:.-])/g, 'configuration'],
  [/\ba workspace\b/g, 'an account'],
  [/\bworkspace\b/g, 'account'],
];

/** Not in what the mends above say, which names the vendor's roles and settings as they are called. */
function reworded(text: string): string {
  return Object.values(mends).includes(text)
    ? text
    : rewordings.reduce((worded, [own, theirs]) => worded.replace(own, theirs), text);
}

/** What of our input each field of the vendor's becomes. */
const fieldsOf: readonly (readonly [ours: RegExp, theirs: string])[] = [
  [/^\/(?:target(?:\/(?:url|queue|address|transport))?|credentials(?:\/.*)?)$/, 'endpoint'],
  [/^\/settings\/(preArchivedNotificationDays)$/, '$1'],
  [/^\/(name|events)(?:\/\d+)?$/, '$1'],
  [/^\//, ''],
  [/^$/, 'The body'],
];

function theirProblem(problem: Problem): string {
  const own = problem.at.replace(/^\/patch(?=\/)/, '');
  const [form, theirs] = fieldsOf.find(([each]) => each.test(own)) ?? [];
  const at = form === undefined || theirs === undefined ? own : own.replace(form, theirs);
  return reworded(problemSentence({ ...problem, at }));
}
