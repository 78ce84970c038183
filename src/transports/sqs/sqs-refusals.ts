/**
 * What Amazon SQS says when it does not take a message, in our words: one table from its error codes ("Common errors" and the
 * errors of SendMessage and SendMessageBatch in its API reference, read 2026-11-22). Nobody compares its sentences, but for
 * one case: a signature that does not count because of the time it carries has no code of its own.
 */
import type { NotAccepted } from '../../core/outcome.ts';

export type QueueRefusal = { readonly code: NotAccepted; readonly again: boolean; readonly detail: string };

/** As the service or its SDK names it; `message` is its sentence. */
export type ServiceError = { readonly name: string; readonly message: string; readonly status?: number };

type Row = readonly [code: NotAccepted, again: boolean, mend: string];

const signedIn = 'Check the keys: they are unknown, expired or revoked';
const rows: { readonly [code: string]: Row } = {
  AccessDenied: [
    'access-denied',
    true,
    'Add the security policy to the queue: sqs:SendMessage for the account, role or user that sends',
  ],
  QueueDoesNotExist: ['no-such-target', false, 'Check the ARN: there is no such queue in this account and region'],
  RequestThrottled: ['throttled', true, 'Nothing has to be done: it is tried again, more slowly'],
  OverLimit: ['throttled', true, 'The queue holds as much as it can: let its reader catch up'],
  KmsThrottled: ['throttled', true, 'The key that encrypts the queue is asked too often'],
  KmsAccessDenied: [
    'access-denied',
    true,
    'Allow kms:GenerateDataKey and kms:Decrypt for whoever sends, in the policy of the queue’s KMS key',
  ],
  KmsDisabled: ['access-denied', true, 'Enable the KMS key of the queue'],
  KmsNotFound: ['access-denied', true, 'Check the KMS key of the queue: it is not found'],
  KmsOptInRequired: ['access-denied', true, 'The AWS account of the KMS key has to sign up for KMS'],
  KmsInvalidState: ['access-denied', true, 'Check the state of the KMS key of the queue'],
  KmsInvalidKeyUsage: ['access-denied', true, 'Use a KMS key that encrypts and decrypts for the queue'],
  InvalidMessageContents: ['unacceptable-content', false, 'The message holds characters that SQS does not take'],
  BatchRequestTooLong: [
    'too-large',
    true,
    'Together the messages of a call are too large: they are sent again in smaller ones',
  ],
  InvalidAddress: ['no-such-target', false, 'Check the ARN: SQS does not accept the queue’s address'],
  UnsupportedOperation: ['refused', false, 'The queue does not take messages this way'],
  RequestExpired: ['clock-skew', true, 'Set the clock of this server: it is too far from Amazon’s'],
  ExpiredToken: ['credentials', true, signedIn],
  InvalidClientTokenId: ['credentials', true, signedIn],
  UnrecognizedClientException: ['credentials', true, signedIn],
  InvalidAccessKeyId: ['credentials', true, signedIn],
  SignatureDoesNotMatch: ['credentials', true, 'Check the secret access key: the signature made with it does not fit'],
  InvalidSecurity: ['credentials', true, signedIn],
  MissingAuthenticationToken: ['credentials', true, signedIn],
  IncompleteSignature: ['credentials', true, signedIn],
  OptInRequired: ['credentials', true, 'The account of these keys has not signed up for SQS'],
  CredentialsProviderError: [
    'credentials',
    true,
    'Give the server AWS keys (environment, profile or role), or the webhook keys of its own',
  ],
  ServiceUnavailable: ['unavailable', true, 'Amazon SQS is in trouble: it is tried again'],
  InternalFailure: ['unavailable', true, 'Amazon SQS is in trouble: it is tried again'],
};

/** Other spellings, some of older protocols and some of services beside SQS. */
const spellings: { readonly [name: string]: string } = {
  AccessDeniedException: 'AccessDenied',
  AuthorizationError: 'AccessDenied',
  NotAuthorized: 'AccessDenied',
  'AWS.SimpleQueueService.NonExistentQueue': 'QueueDoesNotExist',
  NonExistentQueue: 'QueueDoesNotExist',
  'AWS.SimpleQueueService.BatchRequestTooLong': 'BatchRequestTooLong',
  'AWS.SimpleQueueService.UnsupportedOperation': 'UnsupportedOperation',
  ThrottlingException: 'RequestThrottled',
  Throttling: 'RequestThrottled',
  ThrottledException: 'RequestThrottled',
  TooManyRequestsException: 'RequestThrottled',
  RequestLimitExceeded: 'RequestThrottled',
  'KMS.ThrottlingException': 'KmsThrottled',
  'KMS.AccessDeniedException': 'KmsAccessDenied',
  'KMS.DisabledException': 'KmsDisabled',
  'KMS.NotFoundException': 'KmsNotFound',
  'KMS.OptInRequired': 'KmsOptInRequired',
  'KMS.InvalidStateException': 'KmsInvalidState',
  'KMS.KMSInvalidStateException': 'KmsInvalidState',
  'KMS.InvalidKeyUsageException': 'KmsInvalidKeyUsage',
  ExpiredTokenException: 'ExpiredToken',
  InvalidSignatureException: 'SignatureDoesNotMatch',
  InvalidSignature: 'SignatureDoesNotMatch',
  RequestTimeTooSkewed: 'RequestExpired',
  ServiceUnavailableException: 'ServiceUnavailable',
  InternalError: 'InternalFailure',
  InternalFailureException: 'InternalFailure',
  InternalServerError: 'InternalFailure',
};

const sentenceCharactersMax = 500;

/** What a refusal means: whether the same message may be taken later, and what mends it. Total over anything named. */
export function queueRefusal({ name, message, status = 0 }: ServiceError): QueueRefusal {
  const said = message.replaceAll(/\p{Cc}+/gu, ' ').slice(0, sentenceCharactersMax);
  const code = Object.hasOwn(spellings, name) ? (spellings[name] ?? name) : name;
  const explained = ([refusal, again, mend]: Row): QueueRefusal => ({
    code: refusal,
    again,
    detail: said === '' ? mend : `${mend}. Amazon SQS: ${said}`,
  });
  if (code === 'SignatureDoesNotMatch' && /signature (?:expired|not yet current)/i.test(message)) {
    return explained(rows['RequestExpired'] ?? other(status));
  }
  if (
    /^Invalid(?:ParameterValue|ParameterCombination)/.test(code) &&
    /shorter than|too long|too large/i.test(message)
  ) {
    return explained(['too-large', false, 'Messages have at most 262,144 bytes, their attributes counted']);
  }
  return explained((Object.hasOwn(rows, code) ? rows[code] : undefined) ?? other(status));
}

/** A code that nobody told us of: the status says whose fault it is. */
function other(status: number): Row {
  if (status >= 500) return ['unavailable', true, 'Amazon SQS is in trouble: it is tried again'];
  return ['other', true, 'Amazon SQS did not take the message'];
}
