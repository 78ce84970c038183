/**
 * What lies below the SNS URL: the API of SNS as far as receivers use it (ConfirmSubscription and Unsubscribe, by GET from
 * the links in messages and by POST from SDKs), the certificates, and the pages behind links in mails. Whoever holds a
 * token or an ARN is the endpoint; nobody signs in.
 */
import { ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import type { VendorAnswer, VendorCommand, VendorRequest, VendorRoute } from '../contract/vendor-route.ts';
import { pageRoutes } from './manage-sns-pages.ts';
import { type Found, foundIn, parameter } from './sns-found.ts';
import { snsPath } from './sns-links.ts';
import { actionAnswer, errorAnswer, presentSnsError } from './sns-xml.ts';
import { subscriptionArnOf, topicArnOf, webhookIdOf } from './topic.ts';

const invalid = (what: string, request: VendorRequest): VendorAnswer =>
  errorAnswer('InvalidParameter', `Invalid parameter: ${what}`, request);
/** One answer for every token that does nothing: unknown, used up, expired. */
const invalidToken = (request: VendorRequest): VendorAnswer => invalid('Token', request);

function parseAction(request: VendorRequest): VendorCommand | VendorAnswer {
  // Programs that only look whether a link is there must not confirm by it.
  if (request.method === 'HEAD') return { status: 200, body: null };
  const action = parameter(request, 'Action');
  switch (action) {
    case 'ConfirmSubscription': {
      const token = parameter(request, 'Token');
      if (token === '' || token.length > 1_000) return invalidToken(request);
      if (parameter(request, 'TopicArn') === '') return invalid('TopicArn', request);
      return { command: 'consents.find', input: { token } };
    }
    case 'Unsubscribe': {
      const webhookId = webhookIdOf(parameter(request, 'SubscriptionArn'));
      if (webhookId === null) return invalid('SubscriptionArn', request);
      return { command: 'consents.findWebhook', input: { webhookId } };
    }
    case '':
      return errorAnswer(
        'MissingAction',
        'The request must name an Action: ConfirmSubscription or Unsubscribe',
        request,
      );
    default:
      return errorAnswer('InvalidAction', 'The Action must be ConfirmSubscription or Unsubscribe', request);
  }
}

/** What was found decides whether the action is done. */
function nextAction(result: JsonObject, request: VendorRequest): VendorCommand | VendorAnswer {
  const found = foundIn(result);
  if (parameter(request, 'Action') === 'Unsubscribe') return nextUnsubscribe(found, request);
  if (found === null || found.expired || found.neverAsked) return invalidToken(request);
  if (parameter(request, 'TopicArn') !== topicArnOf(found.webhook)) {
    return errorAnswer('NotFound', 'Topic does not exist', request);
  }
  const guarded = parameter(request, 'AuthenticateOnUnsubscribe').toLowerCase() === 'true';
  return {
    command: 'consents.confirm',
    input: { token: parameter(request, 'Token'), ...(guarded ? { guarded: true } : {}) },
  };
}

function nextUnsubscribe(found: Found | null, request: VendorRequest): VendorCommand | VendorAnswer {
  if (found === null || parameter(request, 'SubscriptionArn') !== subscriptionArnOf(found.webhook)) {
    return errorAnswer('NotFound', 'Subscription does not exist', request);
  }
  const { state } = found.confirmation;
  // A subscription that was never confirmed has no ARN yet.
  if (state === 'pending' || state === 'expired') return invalid('SubscriptionArn', request);
  if (found.guarded) {
    return errorAnswer('AuthorizationError', 'The subscription was confirmed with AuthenticateOnUnsubscribe', request);
  }
  return { command: 'consents.unsubscribe', input: { webhookId: found.webhook.id } };
}

function presentAction(result: JsonObject, request: VendorRequest): VendorAnswer {
  const found = foundIn(result);
  if (parameter(request, 'Action') === 'Unsubscribe') return actionAnswer('Unsubscribe', null, request);
  if (found === null) return invalidToken(request);
  return actionAnswer('ConfirmSubscription', subscriptionArnOf(found.webhook), request);
}

const action = {
  scope: 'public',
  parse: parseAction,
  next: nextAction,
  present: presentAction,
  presentError: presentSnsError,
  guessable: 'token',
} as const;

const fileForm = /^SimpleNotificationService-([0-9a-f]{32})\.pem$/;
/** Short enough that a certificate which was withdrawn is soon nowhere. */
const certificateHeaders = {
  'content-type': 'application/x-pem-file',
  'cache-control': 'public, max-age=3600',
} as const;

const certificate: VendorRoute = {
  method: 'GET',
  path: `${snsPath}/:file`,
  scope: 'public',
  parse: (request) => {
    const key = fileForm.exec(request.parameters['file'] ?? '')?.[1];
    return key === undefined
      ? errorAnswer('NotFound', 'There is no such file', request)
      : { command: 'signingKeys.certificate', input: { key } };
  },
  present: (result) => {
    const pem = ownValue(result, 'certificate');
    return { status: 200, headers: certificateHeaders, body: typeof pem === 'string' ? `${pem.trimEnd()}\n` : '' };
  },
  presentError: presentSnsError,
};

export const snsRoutes: readonly VendorRoute[] = [
  ...(['GET', 'POST'] as const).flatMap((method) =>
    [snsPath, `${snsPath}/`].map((path): VendorRoute => ({ ...action, method, path })),
  ),
  certificate,
  ...pageRoutes,
];
