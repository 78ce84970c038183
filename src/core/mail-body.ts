/**
 * The body of a mail that says the same thing twice: as plain text and as HTML (RFC 2046, multipart/alternative). What is
 * stored, hashed and shown is this readable form; who sends it encodes each part for the wire.
 */

export type MailBody = { readonly text: string; readonly html?: string };

/** A body as a dialect renders it: bytes with their content type. */
export type RenderedMail = { readonly body: Uint8Array; readonly contentType: string };

const plain = 'text/plain; charset=utf-8';

/** The same texts make the same bytes. */
export function writeMailBody({ text, html }: MailBody): RenderedMail {
  if (html === undefined) return { body: new TextEncoder().encode(text), contentType: plain };
  const boundary = unusedBoundary(text + html);
  const part = (type: string, content: string): string =>
    `--${boundary}\r\nContent-Type: ${type}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${content}\r\n`;
  const whole = `${part(plain, text)}${part('text/html; charset=utf-8', html)}--${boundary}--\r\n`;
  return {
    body: new TextEncoder().encode(whole),
    contentType: `multipart/alternative; boundary="${boundary}"`,
  };
}

/** What `writeMailBody` wrote; any other content is one plain text. Null where the form is ours and broken. */
export function readMailBody(contentType: string, body: Uint8Array): MailBody | null {
  const whole = new TextDecoder().decode(body);
  const boundary = /^multipart\/alternative; boundary="([A-Za-z0-9_-]{1,70})"$/.exec(contentType)?.[1];
  if (boundary === undefined) return contentType.startsWith('multipart/') ? null : { text: whole };
  const [before, text, html, after] = whole.split(`--${boundary}`);
  if (before !== '' || after !== '--\r\n' || text === undefined || html === undefined) return null;
  const contents = [text, html].map(contentOf);
  const [textContent, htmlContent] = contents;
  if (textContent === undefined || htmlContent === undefined || textContent === null || htmlContent === null)
    return null;
  return { text: textContent, html: htmlContent };
}

function contentOf(part: string): string | null {
  const start = part.indexOf('\r\n\r\n');
  return start < 0 || !part.endsWith('\r\n') ? null : part.slice(start + 4, -2);
}

/** The first number whose boundary stands nowhere in the content, found in one pass, so that no content can end a part. */
function unusedBoundary(content: string): string {
  const used = new Set(Array.from(content.matchAll(/--assetwire-part-(\d{1,9})-/g), ([, number]) => Number(number)));
  let number = 0;
  while (used.has(number)) number++;
  return `assetwire-part-${number}-`;
}
