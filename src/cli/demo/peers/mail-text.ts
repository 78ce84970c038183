/** Reads mails as far as the demo has to: headers, and the part that is plain text. */

export type PlainMail = {
  /** Names in small letters; folded lines are one. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The plain text, decoded; of a mail with several forms the one in plain text. Lines end with a line feed. */
  readonly text: string;
};

export function readMail(raw: string): PlainMail {
  const { headers, body } = splitPart(raw);
  return { headers, text: plainText(headers, body).replaceAll('\r\n', '\n') };
}

function splitPart(raw: string): { readonly headers: PlainMail['headers']; readonly body: string } {
  const end = raw.indexOf('\r\n\r\n');
  const head = (end < 0 ? raw : raw.slice(0, end)).replaceAll(/\r\n[ \t]+/g, ' ');
  const headers = head.split('\r\n').map((line): readonly [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { headers, body: end < 0 ? '' : raw.slice(end + 4) };
}

function valueOf(headers: PlainMail['headers'], wanted: string): string {
  return headers.find(([name]) => name === wanted)?.[1] ?? '';
}

function plainText(headers: PlainMail['headers'], body: string): string {
  const boundary = /^multipart\/.*boundary="?([^";]+)"?/i.exec(valueOf(headers, 'content-type'))?.[1];
  if (boundary === undefined) return decoded(valueOf(headers, 'content-transfer-encoding'), body);
  for (const part of body.split(`--${boundary}`).slice(1)) {
    const inner = splitPart(part.replace(/^\r\n/, ''));
    if (/^text\/plain\b/i.test(valueOf(inner.headers, 'content-type')))
      return plainText(inner.headers, inner.body.replace(/\r\n$/, ''));
  }
  return '';
}

function decoded(encoding: string, body: string): string {
  if (/^base64$/i.test(encoding)) return Buffer.from(body, 'base64').toString();
  if (!/^quoted-printable$/i.test(encoding)) return Buffer.from(body, 'latin1').toString();
  const bytes = body
    .replaceAll(/=\r\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}
