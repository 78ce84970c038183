import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Change } from '../../core/change.ts';
import { type MailBody, readMailBody, writeMailBody } from '../../core/mail-body.ts';
import { sampleChange } from '../../core/sample-change.ts';
import type { Rendered } from '../contract/message.ts';
import { factsOf } from './email-facts.ts';
import { jsonMail } from './email-json.ts';
import { confirmationMail, notificationMail, unsubscribedMail } from './email-messages.ts';
import { messageOf } from './payload.ts';
import { queueBody } from './sqs-body.ts';
import { receiverSetup } from './sqs-setup.ts';

const links = {
  content: (id: string) => `https://dam.example/content/${id}`,
  rendition: (id: string, title: string) => `https://dam.example/content/${id}-${title}`,
};
const topicArn = 'arn:aws:sns:us-east-1:123456789012:bynder-t';
const unsubscribeUrl = 'https://dam.example/sns/unsubscribe.html?SubscriptionArn=a&Endpoint=b%40c.example';

function mailOf(change: Change, event = 'asset_bank.media.create'): Rendered {
  const message = messageOf(change, event, links);
  return notificationMail({ event, message, change, links, topicArn, unsubscribeUrl });
}

function partsOf({ body, contentType }: Rendered): MailBody {
  assert.ok(body instanceof Uint8Array);
  return readMailBody(contentType, body) ?? assert.fail('the parts cannot be told apart');
}

function titled(title: string): Change {
  const change = sampleChange('asset.ready');
  const after = { ...change.after, info: { title } };
  return { ...change, after };
}

describe('a readable mail', () => {
  it('says everything that the JSON says, in its order, and ends with SNS’s footer', () => {
    const change = sampleChange('asset.ready');
    const mail = mailOf(change);
    const { text, html = '' } = partsOf(mail);
    assert.equal(mail.subject, 'asset_bank.media.create');
    const [told, footer] = text.split('\n\n--\n');
    assert.deepEqual(told?.split('\n').slice(0, 9), [
      'New media: A flower',
      'Event: asset_bank.media.create',
      '',
      `File:    https://dam.example/content/${change.subject.id}`,
      `Preview: https://dam.example/content/${change.subject.id}-small`,
      '',
      'Media ID: 019AAA46-12E0-7367-DC52B83361316DF6',
      'Media',
      '  User created: ada',
    ]);
    assert.ok(footer?.startsWith('If you wish to stop receiving notifications from this topic, please click or visit'));
    for (const { value } of factsOf(messageOf(change, 'asset_bank.media.create', links))) {
      assert.ok(value === undefined || (text.includes(value) && html.includes(value)), value);
    }
    assert.ok(html.includes(`<img src="https://dam.example/content/${change.subject.id}-small"`));
    assert.ok(html.includes(`<a href="https://dam.example/content/${change.subject.id}"`));
    assert.deepEqual(mail.headers, [
      ['list-unsubscribe', `<${unsubscribeUrl}>`],
      ['list-unsubscribe-post', 'List-Unsubscribe=One-Click'],
    ]);
  });

  it('shows neither file nor picture of what is gone', () => {
    const { text, html = '' } = partsOf(mailOf(sampleChange('asset.deleted'), 'asset_bank.media.deleted'));
    assert.match(text, /^Media deleted: /);
    assert.doesNotMatch(text, /^(?:File|Preview):/m);
    assert.ok(!html.includes('<img') && !html.includes('Open the file'));
  });

  it('is the same bytes each time', () => {
    const first = mailOf(sampleChange('asset.ready'));
    assert.deepEqual(mailOf(sampleChange('asset.ready')), first);
  });

  it('EM-05 EM-06 anybody’s text is text: no tag, no line, no turned reading, replaced once', () => {
    const evil =
      '</table><style>*{}</style><img src=x onerror=alert(1)>\r\nBcc: v@x.example\u202egpj.exe $& {{constructor}} &lt;';
    const mail = mailOf(titled(evil));
    const { text, html = '' } = partsOf(mail);
    assert.equal(html.match(/<img/g)?.length, 1);
    assert.ok(!html.includes('</table><style>') && !html.includes('\u202e') && !text.includes('\u202e'));
    assert.ok(html.includes('$&amp; {{constructor}} &amp;lt;'));
    assert.doesNotMatch(text, /^Bcc/m);
    assert.doesNotMatch(mail.subject ?? '', /[\r\n]/);
  });

  it('EM-05 whatever it is told, its tags are its own', () => {
    const tags = (html: string): readonly string[] => html.match(/<\/?[a-z0-9!]+/gi) ?? [];
    const known = tags(partsOf(mailOf(titled('x'))).html ?? '');
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (title) => {
        const found = tags(partsOf(mailOf(titled(`x${title}`))).html ?? '');
        assert.deepEqual(found, known);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the parts of a mail', () => {
  it('are read as they were written, whatever they hold', () => {
    const hostile = fc.constantFrom('--assetwire-part-0-', '--assetwire-part-1-\r\n', '\r\n\r\n', '--', '\r\n');
    const content = fc
      .array(fc.oneof(hostile, fc.string({ maxLength: 20 })), { maxLength: 8 })
      .map((list) => list.join(''));
    fc.assert(
      fc.property(content, content, (text, html) => {
        const { body, contentType } = writeMailBody({ text, html });
        assert.deepEqual(readMailBody(contentType, body), { text, html });
      }),
      { numRuns: 500 },
    );
  });
});

describe('mails that ask', () => {
  it('lead to a page, in SNS’s words, and say how long', () => {
    const confirmPageUrl = 'https://dam.example/sns/confirmation.html?TopicArn=a&Token=b';
    const asked = confirmationMail({ topicArn, confirmPageUrl, hours: 48 });
    assert.equal(asked.subject, 'AWS Notification - Subscription Confirmation');
    assert.equal(
      partsOf(asked).text,
      `You have chosen to subscribe to the topic:\n${topicArn}\n\nTo confirm this subscription, click or visit the link below ` +
        `(If this was in error no action is necessary):\n${confirmPageUrl}\n\nThe link is valid for 48 hours. Behind it you can also say that this address is never to be asked again.\n\n--\n` +
        'Please do not reply directly to this email.\n',
    );
    const ended = unsubscribedMail({ subscriptionArn: `${topicArn}:1`, restorePageUrl: confirmPageUrl });
    assert.ok(partsOf(ended).html?.includes('href="https://dam.example/sns/confirmation.html?TopicArn=a&amp;Token=b"'));
  });
});

describe('a mail of JSON', () => {
  it('stands before the separator that mail programs cut at', () => {
    const document = Buffer.from('{\n  "Type" : "Notification"\n}');
    const mail = jsonMail({ document, subject: '', unsubscribeUrl });
    const text = Buffer.from(mail.body as Uint8Array).toString('utf8');
    const [json = '', footer = ''] = text.split('\n\n--\n');
    assert.equal(json, document.toString());
    assert.equal(
      footer.split('\n').slice(0, 2).join('\n'),
      `If you wish to stop receiving notifications from this topic, please click or visit the link below to unsubscribe:\n${unsubscribeUrl}`,
    );
    assert.equal(mail.subject, 'AWS Notification Message');
  });
});

describe('a message for a queue', () => {
  it('SQ-04 holds no character that SQS refuses, and decodes to the same', () => {
    const value = { Message: 'a\ufffeb\uffffc\u0001😀' };
    const body = queueBody(JSON.stringify(value));
    assert.doesNotMatch(body, /[\ufffe\uffff\u0001]/);
    assert.deepEqual(JSON.parse(body), value);
  });

  it('SQ-02 asks its owner to let in whoever sends, and no more', () => {
    const target = { transport: 'sqs', queue: 'arn:aws:sqs:eu-central-1:111122223333:q' } as const;
    const [step] = receiverSetup({ target, awsPrincipal: 'arn:aws:iam::999988887777:role/dam', ownKeys: false });
    assert.deepEqual(step?.document, {
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'AssetwireSendMessage',
          Effect: 'Allow',
          Principal: { AWS: 'arn:aws:iam::999988887777:role/dam' },
          Action: 'sqs:SendMessage',
          Resource: target.queue,
        },
      ],
    });
    const [untold] = receiverSetup({ target, awsPrincipal: null, ownKeys: false });
    assert.match(JSON.stringify(untold), /ASSETWIRE_SQS_PRINCIPAL/);
    const [own] = receiverSetup({ target, awsPrincipal: null, ownKeys: true });
    assert.equal(own?.document, undefined);
    assert.deepEqual(
      receiverSetup({ target: { transport: 'http', url: 'https://a.example' }, awsPrincipal: null, ownKeys: false }),
      [],
    );
  });
});
