/**
 * The pages behind links in mails: to confirm, to end a subscription and to restore it, never to be asked again. A GET shows
 * a page with a button, because programs that look into mails fetch links; what the button sends is done.
 */
import type { JsonObject } from '../../core/json.ts';
import type { VendorAnswer, VendorCommand, VendorError, VendorRequest, VendorRoute } from '../contract/vendor-route.ts';
import { type Found, foundIn, parameter } from './sns-found.ts';
import { snsPath } from './sns-links.ts';
import { type Page, pageAnswer } from './sns-pages.ts';
import { subscriptionArnOf, topicArnOf, webhookIdOf } from './topic.ts';

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

export const pageRoutes: readonly VendorRoute[] = [
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
