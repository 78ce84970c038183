/** What the SDK says of a failure, as ours: to the caller of an upload, and to the operator at start. */
import { AssetwireError } from '../../core/errors.ts';
import { OperatorError, systemCode } from '../../runtime/operator-error.ts';
import { type S3Place, shownPlace } from './s3-place.ts';

const retrySeconds = 15;
const full: ReadonlySet<string> = new Set([
  'QuotaExceeded',
  'XMinioStorageFull',
  'EntityTooLargeForQuota',
  'InsufficientStorage',
]);

/** For callers: what failed, by the store's own code, without any name or address of it. */
export function asRefusal(error: unknown): unknown {
  if (error instanceof AssetwireError) return error;
  const code = codeOf(error);
  const options = { retryAfterSeconds: retrySeconds, cause: error };
  if (full.has(code) || statusOf(error) === 507)
    return new AssetwireError('storage_full', {
      detail: `The store for files must have room: it is full (${code})`,
      mend: 'Free space there, or raise its quota, then upload again',
      ...options,
    });
  return new AssetwireError('storage_unavailable', {
    detail: `The store for files must take and give files: it fails (${code})`,
    ...options,
  });
}

/** Runs, and words what fails. */
export async function refusing<Result>(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    throw asRefusal(error);
  }
}

/** For the operator, at start and in `doctor`: what is wrong and how to mend it. */
export function unusableStore(place: S3Place, doing: string, error: unknown): OperatorError {
  const code = codeOf(error);
  const words = error instanceof Error ? error.message : '';
  return new OperatorError(
    'store_unusable',
    `Files must be kept at ${shownPlace(place)}: ${doing} failed (${code})${words === '' || words === code ? '' : `: ${words.slice(0, 200)}`}`,
    {
      mend: mendOf(code, statusOf(error), place),
      cause: error,
      mayPass: mayPass(code, statusOf(error)),
    },
  );
}

/** Nobody answered, or somebody who is not well: no credentials and no setting would change that. */
function mayPass(code: string, status: number): boolean {
  if (status === 0) return code !== 'CredentialsProviderError' && code !== 'unknown';
  return status >= 500 || status === 429 || status === 408;
}

function mendOf(code: string, status: number, { bucket, region }: S3Place): string {
  if (code === 'NoSuchBucket' || status === 404)
    return `Make the bucket ${bucket}, or name another one in ASSETWIRE_BLOBS_URL`;
  if (code === 'CredentialsProviderError')
    return 'Give credentials: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, a role, or s3://KEY:SECRET@bucket';
  if (code === 'RequestTimeTooSkewed') return 'Set the clock of this machine and run NTP';
  if (code === 'ExpiredToken' || code === 'InvalidToken')
    return 'Renew the session token (AWS_SESSION_TOKEN), or use keys or a role that do not end';
  if (code === 'InvalidAccessKeyId' || code === 'SignatureDoesNotMatch')
    return 'Correct the access key and its secret; a secret in the URL must be percent-encoded';
  if (code === 'PermanentRedirect' || code === 'AuthorizationHeaderMalformed' || status === 301)
    return `Name the region of the bucket: ?region=…, now ${region}`;
  if (status === 403)
    return 'Allow these: s3:ListBucket, s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload, s3:ListBucketMultipartUploads';
  if (status >= 500) return 'See whether the store is healthy; a server that runs goes on by itself when it is';
  return 'See whether the endpoint is right and can be reached from here; a server that runs goes on by itself when it can';
}

/** The store's own code, or that of the network. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const system = systemCode(error) ?? systemCode(error.cause);
  const named = error.name === 'Error' || error.name === 'UnknownError' ? null : error.name;
  const status = statusOf(error);
  return (system ?? named ?? (status > 0 ? `status ${status}` : 'no answer')).slice(0, 60);
}

function statusOf(error: unknown): number {
  const metadata: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, '$metadata') : undefined;
  const status: unknown =
    typeof metadata === 'object' && metadata !== null ? Reflect.get(metadata, 'httpStatusCode') : undefined;
  return typeof status === 'number' ? status : 0;
}
