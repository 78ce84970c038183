/**
 * A mail as it goes over the wire: headers folded and encoded, each part encoded so that no line is too long and no byte is
 * special, signed with DKIM where the operator has a key. Sender and recipient are the only addresses; neither comes from a
 * text that anybody else wrote.
 */
import type { DKIMOptions } from 'nodemailer/lib/dkim';
import type { MailBody } from '../../core/mail-body.ts';
import { oneLine } from '../../core/one-line.ts';

export type MailSender = {
  readonly address: string;
  /** Shown beside the address. */
  readonly name: string;
  readonly dkim: DkimKey | null;
};

/** Published as TXT record `selector._domainkey.domain`. */
export type DkimKey = { readonly domain: string; readonly selector: string; readonly privateKeyPem: string };

export type MailContent = MailBody & {
  readonly to: string;
  readonly subject: string;
  /** Characters of a local part; the same when the same mail goes again. */
  readonly messageId: string;
  /** Beside those of every mail. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly atMs: number;
};

export type WrittenMail = {
  readonly from: string;
  readonly to: string;
  readonly raw: Uint8Array;
};

const subjectCharactersMax = 400;

/** The mail as bytes. Rejects only where the DKIM key cannot be used. */
export async function writeMail(sender: MailSender, content: MailContent): Promise<WrittenMail> {
  const { default: MailComposer } = await import('nodemailer/lib/mail-composer');
  const domain = sender.address.slice(sender.address.lastIndexOf('@') + 1);
  const node = new MailComposer({
    from: { name: oneLine(sender.name), address: sender.address },
    to: { name: '', address: content.to },
    subject: oneLine(content.subject).slice(0, subjectCharactersMax),
    text: content.text,
    ...(content.html === undefined ? {} : { html: content.html }),
    messageId: `<${content.messageId.replaceAll(/[^A-Za-z0-9._-]/g, '-')}@${domain}>`,
    date: new Date(content.atMs),
    headers: {
      // So that no out-of-office answer comes back (RFC 3834).
      'auto-submitted': 'auto-generated',
      ...Object.fromEntries(content.headers),
    },
    newline: 'win',
    // Nothing in a text makes the library read a file or a URL.
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile();
  const built = await node.build();
  const raw = sender.dkim === null ? built : await signed(built, sender.dkim);
  return { from: sender.address, to: content.to, raw };
}

async function signed(raw: Buffer, { domain, selector, privateKeyPem }: DkimKey): Promise<Uint8Array> {
  const { default: Dkim } = await import('nodemailer/lib/dkim');
  const options: DKIMOptions = { domainName: domain, keySelector: selector, privateKey: privateKeyPem };
  const chunks: Buffer[] = [];
  for await (const chunk of new Dkim(options).sign(raw)) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}
