/** Answers of the SNS API, which are XML, and its form of an error. */
import { createHash } from 'node:crypto';
import type { VendorAnswer, VendorError, VendorRequest } from '../contract/vendor-route.ts';

const namespace = 'http://sns.amazonaws.com/doc/2010-03-31/';
const headers = { 'content-type': 'text/xml; charset=utf-8' } as const;

/** The answer to an action: with the ARN of the subscription, or with nothing. */
export function actionAnswer(
  action: 'ConfirmSubscription' | 'Unsubscribe',
  subscriptionArn: string | null,
  request: VendorRequest,
): VendorAnswer {
  const result =
    subscriptionArn === null
      ? ''
      : `  <${action}Result>\n    <SubscriptionArn>${escaped(subscriptionArn)}</SubscriptionArn>\n  </${action}Result>\n`;
  return {
    status: 200,
    headers,
    body: `<${action}Response xmlns="${namespace}">\n${result}  <ResponseMetadata>\n    <RequestId>${requestIdOf(request)}</RequestId>\n  </ResponseMetadata>\n</${action}Response>\n`,
  };
}

export type SnsErrorCode =
  | 'InvalidParameter'
  | 'NotFound'
  | 'AuthorizationError'
  | 'MissingAction'
  | 'InvalidAction'
  | 'InternalError'
  | 'Throttling';

const statuses: { readonly [Code in SnsErrorCode]: number } = {
  InvalidParameter: 400,
  MissingAction: 400,
  InvalidAction: 400,
  Throttling: 400,
  AuthorizationError: 403,
  NotFound: 404,
  InternalError: 500,
};

export function errorAnswer(code: SnsErrorCode, message: string, request: VendorRequest): VendorAnswer {
  const type = statuses[code] >= 500 ? 'Receiver' : 'Sender';
  return {
    status: statuses[code],
    headers,
    body: `<ErrorResponse xmlns="${namespace}">\n  <Error>\n    <Type>${type}</Type>\n    <Code>${code}</Code>\n    <Message>${escaped(message)}</Message>\n  </Error>\n  <RequestId>${requestIdOf(request)}</RequestId>\n</ErrorResponse>\n`,
  };
}

/** What any route may refuse, before its own words are asked for. */
export function presentSnsError(error: VendorError, request: VendorRequest): VendorAnswer {
  const { status, reason: detail = error.detail, unmatched } = error;
  if (unmatched === true) return errorAnswer('NotFound', 'There is nothing at this path', request);
  if (status === 405) return { ...errorAnswer('InvalidAction', detail, request), status };
  // Somebody else wrote at the same time: whoever asks should ask again, as SDKs do after a 5xx.
  if (status === 409) return errorAnswer('InternalError', detail, request);
  const code = status === 429 ? 'Throttling' : status >= 500 ? 'InternalError' : codeOf(status);
  return { ...errorAnswer(code, detail, request), status };
}

function codeOf(status: number): SnsErrorCode {
  if (status === 404) return 'NotFound';
  return status === 401 || status === 403 ? 'AuthorizationError' : 'InvalidParameter';
}

/** Requests have no id of their own there that anybody could look up: another for another request, in SNS's form. */
function requestIdOf({ query, body, nowMs }: VendorRequest): string {
  const hex = createHash('sha256')
    .update(JSON.stringify([query, body, nowMs]))
    .digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

const entities: { readonly [character: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For XML and for HTML. */
export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
}
