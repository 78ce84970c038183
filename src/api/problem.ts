import { errorMends } from '../core/error-mends.ts';
import { AssetwireError, errorTable, type ErrorCode, type Problem } from '../core/errors.ts';
import { problemSentence } from '../core/problem-sentence.ts';

export const problemContentType = 'application/problem+json';

/** RFC 9457, with our stable `code` and what to do about it. Never a stack, a path of the server, SQL or a secret. */
export type ProblemDocument = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly mend: string;
  readonly problems?: readonly Problem[];
  readonly requestId: string;
};

/** `type` is a name, not a place: installations have no common host, and the code is what programs compare. */
export function problemDocument(error: AssetwireError, requestId: string): ProblemDocument {
  const { status, title } = errorTable[error.code];
  return {
    type: `urn:assetwire:error:${error.code}`,
    title,
    status,
    code: error.code,
    detail: error.message,
    mend: error.mend ?? errorMends[error.code],
    ...(error.problems.length === 0 ? {} : { problems: error.problems }),
    requestId,
  };
}

/** Statuses that always come with `Retry-After`. */
export const retryAfterStatuses: ReadonlySet<number> = new Set([429, 503, 507]);
const retryAfterSecondsDefault = 5;

/** Seconds after which trying again may help, whole and at least one; undefined where it will not, or nobody can tell. */
export function retryAfterOf(error: AssetwireError): number | undefined {
  const { status } = errorTable[error.code];
  const seconds = error.retryAfterSeconds ?? (retryAfterStatuses.has(status) ? retryAfterSecondsDefault : undefined);
  return seconds === undefined ? undefined : Math.max(1, Math.ceil(seconds));
}

/** What a caller is shown of anything thrown: our own errors as they are, everything else as `internal`. */
export function presentableError(thrown: unknown): AssetwireError {
  if (thrown instanceof AssetwireError) return thrown;
  return new AssetwireError('internal', {
    detail: 'Answer the request: something failed that should not have',
    mend: 'Try again; if it stays, give the requestId to whoever runs this server',
    cause: thrown,
  });
}

export function notFound(detail: string, mend?: string): AssetwireError {
  return new AssetwireError('not_found', { detail, ...(mend === undefined ? {} : { mend }) });
}

/** A request that does not fit its schema; `operation` is where its description is found. */
export function invalidRequest(problems: readonly Problem[], where: string, operation?: string): AssetwireError {
  const first = problems[0];
  return new AssetwireError('invalid_request', {
    detail: `Check ${where}: ${first === undefined ? 'it does not fit its schema' : problemSentence(first)}`,
    problems,
    mend: first?.mend ?? `See ${operation ?? 'the operation'} in /docs/api or /openapi.json`,
  });
}
