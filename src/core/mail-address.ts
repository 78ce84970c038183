/**
 * One address of a mailbox, in the plain form alone: `local@domain`, both of letters, digits and a few signs. RFC 5322 knows
 * much more (quoted local parts, comments, groups, routes, display names), and every one of these has been used to make two
 * programs read two addresses in one text (HARDENING EM-01 to EM-04). Nobody's mailbox is lost by it: providers hand out plain
 * ones. Length is judged before anything else, and every expression is linear.
 */

export type MailAddressReading =
  | { readonly ok: true; readonly address: string; readonly domain: string }
  /** `wanted` and `found` fit a `Problem`. */
  | { readonly ok: false; readonly wanted: string; readonly found: string };

const wanted = 'one plain e-mail address, such as dam@example.com';
/** RFC 5321, 4.5.3.1: 64 before the sign, 254 in all. */
const charactersMax = 254;
const localCharactersMax = 64;

/** Reads an address, or says what is wrong with it. Total over any text. */
export function readMailAddress(text: string): MailAddressReading {
  const refused = (found: string): MailAddressReading => ({ ok: false, wanted, found });
  if (text.length === 0) return refused('nothing');
  if (text.length > charactersMax) return refused(`${text.length} characters, more than ${charactersMax}`);
  if (/[^\x21-\x7e]/.test(text)) return refused('a blank, a control character or a letter beyond ASCII');
  const at = text.indexOf('@');
  if (at < 0) return refused('a text without @');
  if (at !== text.lastIndexOf('@')) return refused('more than one @');
  const local = text.slice(0, at);
  const domain = text.slice(at + 1);
  if (local.length === 0 || local.length > localCharactersMax)
    return refused(`${local.length} characters before the @`);
  if (!/^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+$/.test(local)) return refused('a sign before the @ that has to be quoted');
  if (local.startsWith('.') || local.endsWith('.') || local.includes('..')) return refused('a stray dot before the @');
  if (!isDomain(domain)) return refused('something behind the @ that is no domain, such as example.com');
  return { ok: true, address: text, domain: domain.toLowerCase() };
}

function isDomain(domain: string): boolean {
  if (domain.length > 253) return false;
  const labels = domain.split('.');
  const last = labels.at(-1) ?? '';
  // A number at the end would be an address of the network; one label is a name within somebody's network.
  return labels.length > 1 && labels.every(isLabel) && !/^\d+$/.test(last);
}

function isLabel(label: string): boolean {
  return /^[A-Za-z0-9-]{1,63}$/.test(label) && !label.startsWith('-') && !label.endsWith('-');
}
