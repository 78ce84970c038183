/**
 * The one error table. A row says: the stable code, the HTTP status a caller sees, whether trying again may help, and
 * the title. Messages follow a grammar: capital letter, what was wanted, a colon, what was found, no full stop; `mend`
 * says what to do about it. docs/reference/errors.md lists every row, checked both ways by a test.
 */
export const errorTable = {
  // Input
  invalid_json: { status: 400, retry: false, title: 'The body is not valid JSON' },
  invalid_request: { status: 422, retry: false, title: 'The request does not fit its schema' },
  json_too_deep: { status: 422, retry: false, title: 'The JSON is nested too deeply' },
  json_too_many_keys: { status: 422, retry: false, title: 'The JSON has too many keys' },
  malformed_request: { status: 400, retry: false, title: 'The request is not well-formed HTTP' },
  request_timeout: { status: 408, retry: true, title: 'The request took too long to arrive' },
  headers_too_large: { status: 431, retry: false, title: 'The request headers are too large' },
  range_not_satisfiable: { status: 416, retry: false, title: 'The range lies outside the content' },
  body_too_large: { status: 413, retry: false, title: 'The body is too large' },
  unsupported_media_type: { status: 415, retry: false, title: 'The content type is not accepted here' },
  method_not_allowed: { status: 405, retry: false, title: 'The method is not allowed here' },
  invalid_cursor: { status: 422, retry: false, title: 'The cursor is not one of ours' },
  invalid_filter: { status: 422, retry: false, title: 'The filter cannot be used' },
  invalid_search: { status: 422, retry: false, title: 'The search cannot be read' },
  search_too_broad: { status: 422, retry: false, title: 'The search asks for too much at once' },
  invalid_event: { status: 422, retry: false, title: 'The dialect has no such event' },
  invalid_settings: { status: 422, retry: false, title: 'The settings do not fit the dialect' },
  invalid_secret: { status: 422, retry: false, title: 'The signing secret cannot be used' },
  invalid_policy: { status: 422, retry: false, title: 'The policy is outside its bounds' },
  unknown_dialect: { status: 422, retry: false, title: 'There is no such dialect' },
  limit_reached: { status: 422, retry: false, title: 'A limit has been reached' },
  causation_too_deep: { status: 422, retry: false, title: 'Changes caused each other too often' },
  // Targets
  target_scheme: { status: 422, retry: false, title: 'The target must be an http or https URL' },
  target_malformed: { status: 422, retry: false, title: 'The target is not a usable URL' },
  target_forbidden_address: { status: 422, retry: false, title: 'The target lies in a forbidden address range' },
  target_forbidden_name: { status: 422, retry: false, title: 'The target has a forbidden name' },
  target_forbidden_port: { status: 422, retry: false, title: 'The target uses a forbidden port' },
  credentials_in_url: { status: 422, retry: false, title: 'Credentials do not belong in a URL' },
  header_name: { status: 422, retry: false, title: 'A header name cannot be sent' },
  header_value: { status: 422, retry: false, title: 'A header value cannot be sent' },
  header_reserved: { status: 422, retry: false, title: 'A header is reserved' },
  // Callers
  unauthenticated: { status: 401, retry: false, title: 'A valid key is needed' },
  forbidden: { status: 403, retry: false, title: 'The caller may not do this' },
  cross_site_request: { status: 403, retry: false, title: 'Another site may not do this with your session' },
  share_locked: { status: 401, retry: false, title: 'The share link needs its password' },
  not_found: { status: 404, retry: false, title: 'There is no such thing' },
  too_many_requests: { status: 429, retry: true, title: 'Too many requests' },
  // State
  not_ready: { status: 409, retry: true, title: 'It is not ready yet' },
  conflict: { status: 409, retry: true, title: 'Somebody else changed it at the same time' },
  precondition_failed: { status: 412, retry: false, title: 'It is not at the version that If-Match names' },
  not_confirmed: { status: 409, retry: false, title: 'The endpoint has not confirmed the webhook' },
  signing_key_in_use: { status: 409, retry: false, title: 'The signing key signs' },
  gone: { status: 410, retry: false, title: 'It was there and has been deleted' },
  active_version: { status: 409, retry: false, title: 'The active version cannot be deleted' },
  stale_source_version: { status: 409, retry: false, title: 'A newer state is already known' },
  already_exists: { status: 409, retry: false, title: 'It exists already' },
  alias_taken: { status: 409, retry: false, title: 'Another asset has this alias' },
  checked_out: { status: 409, retry: false, title: 'Somebody else has checked the asset out' },
  not_checked_out: { status: 409, retry: false, title: 'The asset is not checked out' },
  idempotency_mismatch: { status: 422, retry: false, title: 'The idempotency key was used for another request' },
  invalid_idempotency_key: { status: 422, retry: false, title: 'The idempotency key cannot be used' },
  folder_not_empty: { status: 409, retry: false, title: 'Something still lies in the folder' },
  folder_busy: { status: 409, retry: true, title: 'What lies in the folder is being moved' },
  folder_into_itself: { status: 409, retry: false, title: 'A folder cannot lie in itself' },
  last_admin: { status: 409, retry: false, title: 'The last admin cannot go' },
  in_use: { status: 409, retry: false, title: 'Something still uses it' },
  workspace_disabled: { status: 403, retry: false, title: 'The workspace is disabled' },
  workspace_protected: { status: 409, retry: false, title: 'This workspace cannot be erased' },
  webhook_disabled: { status: 409, retry: false, title: 'The webhook is disabled' },
  not_a_film: { status: 422, retry: false, title: 'There is no film or sound to cut a clip out of' },
  films_unavailable: { status: 409, retry: false, title: 'This server cannot cut films' },
  content_withheld: { status: 403, retry: false, title: 'The content was not found to be clean' },
  content_unavailable: { status: 404, retry: false, title: 'The asset has no content here' },
  file_unreadable: { status: 422, retry: false, title: 'The file cannot be read' },
  // Uploads
  upload_incomplete: { status: 400, retry: true, title: 'The upload broke off' },
  upload_too_large: { status: 413, retry: false, title: 'The file is too large' },
  upload_malformed: { status: 422, retry: false, title: 'The upload is not a usable multipart form' },
  quota_exceeded: { status: 413, retry: false, title: 'The workspace holds as much as it may' },
  // The store and ourselves
  storage_busy: { status: 503, retry: true, title: 'The store cannot keep up' },
  storage_unavailable: { status: 503, retry: true, title: 'The store does not answer' },
  storage_full: { status: 507, retry: true, title: 'The disk is full' },
  shutting_down: { status: 503, retry: true, title: 'The server is shutting down' },
  internal: { status: 500, retry: true, title: 'Something went wrong on our side' },
} as const satisfies Record<string, { status: number; retry: boolean; title: string }>;

export type ErrorCode = keyof typeof errorTable;

/** One thing that is wrong: where, what was wanted, what was found, and how to mend it where that is not plain from it. */
export type Problem = { readonly at: string; readonly wanted: string; readonly found: string; readonly mend?: string };

export type ErrorDetail = {
  /** What was wanted and what was found. Never a secret, never a path of the server. */
  readonly detail: string;
  /** What the caller can do about it. */
  readonly mend?: string;
  readonly problems?: readonly Problem[];
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
};

/** An error a caller can be shown. Everything else that is thrown is a bug and becomes `internal`. */
export class AssetwireError extends Error {
  readonly code: ErrorCode;
  readonly mend: string | undefined;
  readonly problems: readonly Problem[];
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, { detail, mend, problems, retryAfterSeconds, cause }: ErrorDetail) {
    super(detail, cause === undefined ? undefined : { cause });
    this.name = 'AssetwireError';
    this.code = code;
    this.mend = mend;
    this.problems = problems ?? [];
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
