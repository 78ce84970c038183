/**
 * Mail of the protocol Email, to be read by people: "the same data, but not in JSON format" is all the vendor says of it. The
 * subject is that of the SNS message; the text lists every field; the HTML shows the picture and a link beside it.
 */
import type { Change } from '../../core/change.ts';
import { isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { writeMailBody } from '../../core/mail-body.ts';
import type { Links, Rendered } from '../contract/message.ts';
import { type Fact, factsOf, shown } from './email-facts.ts';
import { listUnsubscribe } from './email-headers.ts';
import { htmlMail } from './email-html.ts';
import { confirmationSubject, footer, subjectDefault } from './email-json.ts';

export type NotificationMailInput = {
  readonly event: string;
  /** What `Message` of the SNS notification holds. */
  readonly message: JsonObject;
  readonly change: Change;
  readonly links: Pick<Links, 'content' | 'rendition'>;
  readonly topicArn: string;
  readonly unsubscribeUrl: string;
};

/** What happened, as a heading. */
const headings: { readonly [event: string]: string } = {
  'asset_bank.media.create': 'New media',
  'asset_bank.media.updated': 'New version of media',
  'asset_bank.media.meta_updated': 'Metadata changed',
  'asset_bank.media.archived': 'Media archived',
  'asset_bank.media.pre_archived': 'Media is about to be archived',
  'asset_bank.media.deleted': 'Media deleted',
  'workflow.job.create': 'New workflow job',
  'antivirus.scan.failed': 'Virus scan failed',
};

/** A notification, from the change and nothing else: called twice, the same bytes. */
export function notificationMail(input: NotificationMailInput): Rendered {
  const { event, message, topicArn, unsubscribeUrl } = input;
  const facts = factsOf(message);
  const heading = headings[event] ?? event;
  const name = nameIn(message);
  const title = name === '' ? heading : `${heading}: ${name}`;
  const places = placesOf(input);
  const body = writeMailBody({
    text: `${[
      title,
      `Event: ${event}`,
      '',
      ...(places.file === null ? [] : [`File:    ${places.file}`]),
      ...(places.picture === null ? [] : [`Preview: ${places.picture}`]),
      ...(places.file === null && places.picture === null ? [] : ['']),
      ...facts.map(factLine),
    ].join('\n')}${footer(unsubscribeUrl)}`,
    html: htmlMail({
      title,
      subtitle: event,
      ...(places.picture === null ? {} : { picture: { url: places.picture, alt: name } }),
      ...(places.file === null ? {} : { button: { url: places.file, text: 'Open the file' } }),
      facts,
      footer: [
        `You get this because this address is subscribed to ${topicArn}.`,
        'Please do not reply to this mail.',
        { url: unsubscribeUrl, text: 'Unsubscribe from these notifications' },
      ],
    }),
  });
  return { ...body, headers: listUnsubscribe(unsubscribeUrl), subject: event === '' ? subjectDefault : event };
}

export type ConfirmationMailInput = {
  readonly topicArn: string;
  /** A page with a button: programs that look into mails visit every link. */
  readonly confirmPageUrl: string;
  readonly hours: number;
};

/** Whether notifications are wanted at this address; worded as SNS words it. */
export function confirmationMail({ topicArn, confirmPageUrl, hours }: ConfirmationMailInput): Rendered {
  const chosen = 'You have chosen to subscribe to the topic:';
  const visit =
    'To confirm this subscription, click or visit the link below (If this was in error no action is necessary):';
  const until = `The link is valid for ${hours} hours. Behind it you can also say that this address is never to be asked again.`;
  const body = writeMailBody({
    text: `${chosen}\n${topicArn}\n\n${visit}\n${confirmPageUrl}\n\n${until}\n\n--\n${noReply}\n`,
    html: htmlMail({
      title: 'Confirm your subscription',
      paragraphs: [chosen, topicArn, visit],
      button: { url: confirmPageUrl, text: 'Confirm subscription' },
      footer: [until, noReply],
    }),
  });
  return { ...body, headers: [], subject: confirmationSubject };
}

export type UnsubscribedMailInput = { readonly subscriptionArn: string; readonly restorePageUrl: string };

/** That there will be no more, and how to take that back. */
export function unsubscribedMail({ subscriptionArn, restorePageUrl }: UnsubscribedMailInput): Rendered {
  const ended = 'Your subscription has been deactivated:';
  const restore = 'If this was in error, click or visit the link below to restore the subscription:';
  const body = writeMailBody({
    text: `${ended}\n${subscriptionArn}\n\n${restore}\n${restorePageUrl}\n\n--\n${noReply}\n`,
    html: htmlMail({
      title: 'Unsubscribe confirmation',
      paragraphs: [ended, subscriptionArn, restore],
      button: { url: restorePageUrl, text: 'Restore the subscription' },
      footer: [noReply],
    }),
  });
  return { ...body, headers: [], subject: 'AWS Notification - Unsubscribe Confirmation' };
}

const noReply = 'Please do not reply directly to this email.';

function factLine({ label, value, indent }: Fact): string {
  const margin = '  '.repeat(indent);
  return value === undefined ? `${margin}${label}` : `${margin}${label}: ${value}`;
}

function nameIn(message: JsonObject): string {
  for (const part of [ownValue(message, 'media'), ownValue(message, 'job'), ownValue(message, 'scan')]) {
    if (!isObject(part)) continue;
    const name = ownValue(part, 'name') ?? ownValue(part, 'assetName');
    if (typeof name === 'string') return shown(name).slice(0, 200);
  }
  return '';
}

/** Where the file and a small picture of it are; nowhere once it is deleted, and no picture of what has none. */
function placesOf({ change, message, links }: NotificationMailInput): {
  readonly file: string | null;
  readonly picture: string | null;
} {
  const { subject, after } = change;
  if (subject.type !== 'asset' || after === null || after === undefined) return { file: null, picture: null };
  const file = ownValue(after, 'file');
  const own = isObject(file) && Object.hasOwn(file, 'blob');
  const media = ownValue(message, 'media');
  const thumbnails = isObject(media) ? ownValue(media, 'thumbnails') : undefined;
  const known = isObject(thumbnails) ? (ownValue(thumbnails, 'thul') ?? ownValue(thumbnails, 'webimage')) : undefined;
  // A picture is asked for when the mail is opened: by then the small one has been made of a file of ours.
  const coming = own && ownValue(after, 'kind') === 'image' ? links.rendition(subject.id, 'small') : null;
  return {
    file: own ? links.content(subject.id) : urlIn(file),
    picture: typeof known === 'string' && /^https?:\/\//.test(known) ? known : coming,
  };
}

function urlIn(file: JsonValue | undefined): string | null {
  const url = isObject(file) ? ownValue(file, 'url') : undefined;
  return typeof url === 'string' && /^https?:\/\/[^\s"<>]+$/.test(url) ? url : null;
}
