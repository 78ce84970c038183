/** HTML of mails: tables and inline styles, because that is what mail programs draw; every text of anybody's is escaped once. */
import type { Fact } from './email-facts.ts';

export type HtmlMail = {
  readonly title: string;
  /** Below the title, small. */
  readonly subtitle?: string;
  readonly paragraphs?: readonly string[];
  readonly picture?: { readonly url: string; readonly alt: string };
  readonly button?: { readonly url: string; readonly text: string };
  readonly facts?: readonly Fact[];
  readonly footer: readonly (string | { readonly url: string; readonly text: string })[];
};

const font = "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const ink = '#1c2733';
const quiet = '#5b6875';
const rule = '#e3e8ed';

/** A whole document. Nothing in it is fetched but the picture. */
export function htmlMail(mail: HtmlMail): string {
  const { title, subtitle, paragraphs = [], picture, button, facts = [], footer } = mail;
  const row = (content: string, padding = '0 32px 20px'): string =>
    `<tr><td style="padding:${padding};${font};font-size:15px;line-height:22px;color:${ink}">${content}</td></tr>`;
  const rows = [
    row(
      `<h1 style="margin:0;font-size:22px;line-height:28px;font-weight:600;word-break:break-word">${escaped(title)}</h1>` +
        (subtitle === undefined
          ? ''
          : `<p style="margin:6px 0 0;font-size:13px;color:${quiet}">${escaped(subtitle)}</p>`),
      '32px 32px 20px',
    ),
    ...(picture === undefined
      ? []
      : [
          row(
            `<img src="${escaped(picture.url)}" alt="${escaped(picture.alt)}" width="250" style="display:block;max-width:100%;height:auto;border:0;border-radius:6px;background:#f4f6f8">`,
          ),
        ]),
    ...paragraphs.map((text) => row(escaped(text), '0 32px 16px')),
    ...(button === undefined
      ? []
      : [
          row(
            `<a href="${escaped(button.url)}" style="display:inline-block;padding:11px 22px;border-radius:6px;background:#1f6feb;color:#ffffff;font-weight:600;text-decoration:none">${escaped(button.text)}</a>`,
            '4px 32px 24px',
          ),
        ]),
    ...(facts.length === 0 ? [] : [row(factTable(facts))]),
    row(footer.map(footerLine).join('<br>'), '20px 32px 28px').replace(
      'font-size:15px',
      `border-top:1px solid ${rule};font-size:12px`,
    ),
  ];
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">',
    `<meta name="color-scheme" content="light"><title>${escaped(title)}</title></head>`,
    '<body style="margin:0;padding:24px 12px;background:#f4f6f8">',
    '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td align="center">',
    `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:640px;background:#ffffff;border:1px solid ${rule};border-radius:10px">`,
    ...rows,
    '</table></td></tr></table></body></html>',
    '',
  ].join('\r\n');
}

function factTable(facts: readonly Fact[]): string {
  const lines = facts.map(({ label, value, indent }) => {
    const left = `padding:6px 12px 6px ${indent * 16}px;border-bottom:1px solid ${rule};vertical-align:top`;
    const head = `${left};color:${quiet};font-size:13px`;
    if (value === undefined)
      return `<tr><td colspan="2" style="${left};font-size:13px;font-weight:600">${escaped(label)}</td></tr>`;
    return `<tr><td width="34%" style="${head}">${escaped(label)}</td><td style="padding:6px 0;border-bottom:1px solid ${rule};vertical-align:top;font-size:14px;word-break:break-word">${linked(value)}</td></tr>`;
  });
  return `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">${lines.join('\r\n')}</table>`;
}

/** A value that is a URL as a whole can be followed. */
function linked(value: string): string {
  const safe = escaped(value);
  return /^https?:\/\/[^\s"<>]+$/.test(value) ? `<a href="${safe}" style="color:#1f6feb">${safe}</a>` : safe;
}

function footerLine(line: HtmlMail['footer'][number]): string {
  if (typeof line === 'string') return `<span style="color:${quiet}">${escaped(line)}</span>`;
  return `<a href="${escaped(line.url)}" style="color:${quiet}">${escaped(line.text)}</a>`;
}

const entities: { readonly [sign: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** In one pass, so that nothing is replaced twice (HARDENING EM-05). */
export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? sign);
}
