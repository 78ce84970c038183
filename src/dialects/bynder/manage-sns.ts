/**
 * What lies below the SNS URL: the API of SNS as far as receivers use it (ConfirmSubscription and Unsubscribe, by GET from
 * the links in messages and by POST from SDKs), the certificates, and the pages behind links in mails. Whoever holds a
 * token or an ARN is the endpoint; nobody signs in.
 */
import { isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Webhook } from '../../core/webhook.ts';
import type { VendorAnswer, VendorCommand, VendorError, VendorRequest, VendorRoute } from '../dialect.ts';
import { snsPath } from './sns-links.ts';
import { type Page, pageAnswer } from './sns-pages.ts';
import { actionAnswer, errorAnswer, presentSnsError } from './sns-xml.ts';
import { subscriptionArnOf, topicArnOf, webhookIdOf } from './topic.ts';

/** What a link is about: the result of the `consents` commands, where they found something. */
type Found = {
  readonly webhook: Pick<Webhook, 'id' | 'workspaceId' | 'settings' | 'name'> & { readonly dialect: string };
  readonly confirmation: { readonly state: 'pending' | 'confirmed' | 'expired' | 'unsubscribed' };
  readonly expired: boolean;
  readonly guarded: boolean;
  readonly neverAsked: boolean;
};

function foundIn(result: JsonObject): Found | null {
  const webhook = ownValue(result, 'webhook');
  if (!isObject(webhook) || ownValue(webhook, 'dialect') !== 'bynder') return null;
  return result as unknown as Found;
}

/** A parameter of an action, from the query or from a form. */
function parameter({ query, body }: VendorRequest, name: string): string {
  const value = (body === null ? undefined : ownValue(body, name)) ?? query[name];
  return typeof value === 'string' ? value : '';
}

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

const noSuchLink: Page = {
  title: 'This link does nothing',
  text: [
    'It is not complete, it was replaced by a later one, or its time is over.',
    'There is no second link: to be notified, ask for the subscription to be made anew.',
  ],
  status: 404,
};

/** Of the page that confirms: the token in its query or form. */
function parseConfirmation(request: VendorRequest): VendorCommand | VendorAnswer {
  const token = parameter(request, 'Token');
  return token === '' || token.length > 1_000 ? pageAnswer(noSuchLink) : { command: 'consents.find', input: { token } };
}

function goodConfirmation(result: JsonObject, request: VendorRequest): Found | null {
  const found = foundIn(result);
  if (found === null || found.expired) return null;
  return parameter(request, 'TopicArn') === topicArnOf(found.webhook) ? found : null;
}

function confirmationPage(result: JsonObject, request: VendorRequest): VendorAnswer {
  const refused = neverAskedPage(result, request);
  if (refused !== null) return refused;
  const found = goodConfirmation(result, request);
  if (found === null) return pageAnswer(noSuchLink);
  const { state } = found.confirmation;
  if (state === 'confirmed') return confirmedPage(result, request);
  const restores = state === 'unsubscribed';
  return pageAnswer({
    title: restores ? 'Restore the subscription?' : 'Confirm the subscription?',
    text: [
      `Notifications of "${found.webhook.name}" ${restores ? 'go on' : 'begin'} once you press the button.`,
      ...(restores ? [] : ['If you did not ask for them, close this page: nothing will be sent.']),
    ],
    facts: [['Topic', topicArnOf(found.webhook)]],
    button: {
      label: restores ? 'Restore subscription' : 'Confirm subscription',
      fields: tokenFields(found, request),
    },
    second: { label: 'Never ask this address again', fields: [...tokenFields(found, request), [askField, 'never']] },
  });
}

/** What the second button on the page sends, beside the fields of the first: `never`, or `again`. */
const askField = 'Ask';

function tokenFields({ webhook }: Found, request: VendorRequest): readonly (readonly [string, string])[] {
  return [
    ['TopicArn', topicArnOf(webhook)],
    ['Token', parameter(request, 'Token')],
  ];
}

/** The page for an address that is not asked; null where it may be. The link is good for this as long as there is the webhook. */
function neverAskedPage(result: JsonObject, request: VendorRequest): VendorAnswer | null {
  const found = foundIn(result);
  if (found === null || !found.neverAsked || parameter(request, 'TopicArn') !== topicArnOf(found.webhook)) return null;
  return pageAnswer({
    title: 'You are not asked again',
    text: [
      'Nobody on this server can ask this address any more whether it wants notifications.',
      'Subscriptions that were confirmed before go on until you end them by the link in their mails.',
    ],
    button: { label: 'Let me be asked again', fields: [...tokenFields(found, request), [askField, 'again']] },
  });
}

function confirmedPage(result: JsonObject, request: VendorRequest): VendorAnswer {
  const found = goodConfirmation(result, request);
  if (found === null) return pageAnswer(noSuchLink);
  return pageAnswer({
    title: 'Subscription confirmed',
    text: [`You are subscribed to "${found.webhook.name}".`],
    facts: [
      ['Subscription', subscriptionArnOf(found.webhook)],
      ['Topic', topicArnOf(found.webhook)],
    ],
  });
}

function parseUnsubscription(request: VendorRequest): VendorCommand | VendorAnswer {
  const webhookId = webhookIdOf(parameter(request, 'SubscriptionArn'));
  return webhookId === null ? pageAnswer(noSuchLink) : { command: 'consents.findWebhook', input: { webhookId } };
}

/** A subscription that the page may end, or has ended. */
function goodUnsubscription(result: JsonObject, request: VendorRequest): Found | null {
  const found = foundIn(result);
  if (found === null || parameter(request, 'SubscriptionArn') !== subscriptionArnOf(found.webhook)) return null;
  const { state } = found.confirmation;
  return state === 'confirmed' || state === 'unsubscribed' ? found : null;
}

function unsubscriptionPage(result: JsonObject, request: VendorRequest): VendorAnswer {
  const found = goodUnsubscription(result, request);
  if (found === null) return pageAnswer(noSuchLink);
  if (found.confirmation.state === 'unsubscribed') return unsubscribedPage(result, request);
  if (found.guarded) return pageAnswer(guardedPage);
  return pageAnswer({
    title: 'End the subscription?',
    text: [`Nothing more of "${found.webhook.name}" is sent once you press the button.`],
    facts: [['Subscription', subscriptionArnOf(found.webhook)]],
    button: { label: 'Unsubscribe', fields: [['SubscriptionArn', subscriptionArnOf(found.webhook)]] },
  });
}

const guardedPage: Page = {
  title: 'This subscription cannot be ended here',
  text: ['It was confirmed so that only somebody who is signed in may end it.'],
  status: 403,
};

function unsubscribedPage(result: JsonObject, request: VendorRequest): VendorAnswer {
  const found = goodUnsubscription(result, request);
  if (found === null) return pageAnswer(noSuchLink);
  return pageAnswer({
    title: 'Subscription ended',
    text: [
      `Nothing more of "${found.webhook.name}" is sent.`,
      'A message was sent whose link restores the subscription, should this have been a mistake.',
    ],
    facts: [['Subscription', subscriptionArnOf(found.webhook)]],
  });
}

/** Whoever holds no link asks in vain, and not for long. */
const page = { scope: 'public', guessable: 'token', presentError: presentPageError } as const;
const confirmation = { ...page, path: `${snsPath}/confirmation.html`, parse: parseConfirmation } as const;
const unsubscription = { ...page, path: `${snsPath}/unsubscribe.html`, parse: parseUnsubscription } as const;

function presentPageError({ status, detail, reason = detail }: VendorError): VendorAnswer {
  return pageAnswer({ title: 'That did not work', text: [reason], status });
}

function nextConfirmation(result: JsonObject, request: VendorRequest): VendorCommand | VendorAnswer {
  const token = parameter(request, 'Token');
  const ask = parameter(request, askField);
  const refused = neverAskedPage(result, request);
  if (refused !== null) {
    return ask === 'again' ? { command: 'consents.neverAsk', input: { token, never: false } } : refused;
  }
  if (goodConfirmation(result, request) === null) return pageAnswer(noSuchLink);
  return ask === 'never'
    ? { command: 'consents.neverAsk', input: { token, never: true } }
    : { command: 'consents.confirm', input: { token } };
}

const pages: readonly VendorRoute[] = [
  { ...confirmation, method: 'GET', present: confirmationPage },
  {
    ...confirmation,
    method: 'POST',
    next: nextConfirmation,
    present: (result, request) =>
      parameter(request, askField) === '' ? confirmedPage(result, request) : confirmationPage(result, request),
  },
  { ...unsubscription, method: 'GET', present: unsubscriptionPage },
  {
    ...unsubscription,
    method: 'POST',
    next: (result, request) => {
      const found = goodUnsubscription(result, request);
      if (found === null) return pageAnswer(noSuchLink);
      if (found.guarded) return pageAnswer(guardedPage);
      return { command: 'consents.unsubscribe', input: { webhookId: found.webhook.id } };
    },
    present: unsubscribedPage,
  },
];

export const snsRoutes: readonly VendorRoute[] = [
  ...(['GET', 'POST'] as const).flatMap((method) =>
    [snsPath, `${snsPath}/`].map((path): VendorRoute => ({ ...action, method, path })),
  ),
  certificate,
  ...pages,
];
