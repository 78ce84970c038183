/**
 * Why a message was not accepted. Answer 400 or 401 to all of these; `invalid_secret` and `parsed_body` are mistakes of
 * the receiver's own set-up.
 */
export type VerificationErrorCode =
  | 'missing_header'
  | 'invalid_timestamp'
  | 'timestamp_too_old'
  | 'timestamp_too_new'
  | 'no_matching_signature'
  | 'no_matching_token'
  | 'no_matching_event'
  | 'source_unavailable'
  | 'invalid_payload'
  | 'invalid_secret'
  | 'parsed_body';

/** A message that must not be trusted. Neither secrets nor signatures ever stand in its text. */
export class VerificationError extends Error {
  readonly code: VerificationErrorCode;

  constructor(code: VerificationErrorCode, message: string) {
    super(message);
    this.name = 'VerificationError';
    this.code = code;
  }
}
