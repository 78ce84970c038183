/**
 * Where a text stops being JSON (RFC 8259), and what to do about it. The engine's own message says it in words of its
 * version, often without a place, and repeats what it found, which may be a secret. Runs only on text that was refused
 * and whose depth has been checked.
 */
export type JsonFault = {
  /** From 1, as editors count. */
  readonly line: number;
  readonly column: number;
  readonly wanted: string;
  /** One character or a class of characters: never more of the text. */
  readonly found: string;
  readonly mend: string;
};

/** The first fault of the text; undefined where there is none. */
export function jsonFault(text: string): JsonFault | undefined {
  if (text.charCodeAt(0) === 0xfe_ff)
    return faultAt(text, { at: 0, wanted: 'a JSON value', mend: 'Save the text as UTF-8 without a byte order mark' });
  if (/^[ \t\r\n]*$/.test(text)) return { line: 1, column: 1, ...emptyBody };
  const reader: Reader = { text, at: 0 };
  try {
    readValue(reader);
    skipBlanks(reader);
    if (reader.at < text.length)
      stop(reader, 'the end of the text', 'Send one JSON value; several go into an array or into several requests');
    return undefined;
  } catch (stopped) {
    if (stopped instanceof Stopped) return faultAt(text, stopped.place);
    throw stopped;
  }
}

const emptyBody = { wanted: 'a JSON value', found: 'an empty body', mend: 'Send a JSON body, {} at the least' };

type Place = { readonly at: number; readonly wanted: string; readonly mend: string };
type Reader = { readonly text: string; at: number };

class Stopped extends Error {
  readonly place: Place;
  constructor(place: Place) {
    super('The text is no JSON');
    this.place = place;
  }
}

function stop(reader: Reader, wanted: string, mend: string): never {
  const cut = reader.at >= reader.text.length;
  throw new Stopped({ at: reader.at, wanted, mend: cut ? 'The text ends too early: close what is open' : mend });
}

const blanks = /[ \t\r\n]*/y;

function skipBlanks(reader: Reader): void {
  blanks.lastIndex = reader.at;
  reader.at += blanks.exec(reader.text)?.[0].length ?? 0;
}

function readValue(reader: Reader): void {
  skipBlanks(reader);
  const first = reader.text[reader.at] ?? '';
  if (first === '{') readObject(reader);
  else if (first === '[') readArray(reader);
  else if (first === '"') readString(reader);
  else if (first === '-' || /[0-9]/.test(first)) readNumber(reader);
  else readWord(reader);
}

const numberPattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const wordPattern = /true|false|null/y;

function readWord(reader: Reader): void {
  wordPattern.lastIndex = reader.at;
  const word = wordPattern.exec(reader.text)?.[0];
  if (word === undefined) stop(reader, 'a JSON value', mendOfValue(reader.text, reader.at));
  reader.at += word.length;
}

function readNumber(reader: Reader): void {
  numberPattern.lastIndex = reader.at;
  const number = numberPattern.exec(reader.text)?.[0];
  const mend = 'Numbers have a digit before and after the point, no leading zeros, no plus';
  if (number === undefined) {
    reader.at += 1;
    stop(reader, 'a digit', mend);
  }
  reader.at += number.length;
  if (/[0-9.eE+-]/.test(reader.text[reader.at] ?? '')) stop(reader, 'the end of a number', mend);
}

const plainText = new RegExp('[^"\\\\\\u0000-\\u001f]*', 'y');

function readString(reader: Reader): void {
  const { text } = reader;
  reader.at += 1;
  for (;;) {
    plainText.lastIndex = reader.at;
    reader.at += plainText.exec(text)?.[0].length ?? 0;
    const character = text[reader.at];
    if (character === undefined) stop(reader, 'a closing double quote', '');
    if (character === '"') break;
    if (character < ' ') stop(reader, 'no control character within a text', 'Write line breaks as \\n and tabs as \\t');
    if (character === '\\') readEscape(reader);
    else reader.at += 1;
  }
  reader.at += 1;
}

function readEscape(reader: Reader): void {
  reader.at += 1;
  const mend = 'A backslash is written as \\\\; after a single one come only " \\ / b f n r t or u and four digits';
  if (reader.text[reader.at] === 'u') {
    const digits = reader.text.slice(reader.at + 1, reader.at + 5);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) stop(reader, 'four hexadecimal digits', mend);
    reader.at += 5;
  } else if (/["\\/bfnrt]/.test(reader.text[reader.at] ?? '')) reader.at += 1;
  else stop(reader, 'an escape that JSON has', mend);
}

function readArray(reader: Reader): void {
  reader.at += 1;
  skipBlanks(reader);
  if (reader.text[reader.at] === ']') {
    reader.at += 1;
    return;
  }
  for (;;) {
    readValue(reader);
    if (endsWith(reader, ']')) return;
  }
}

function readObject(reader: Reader): void {
  reader.at += 1;
  skipBlanks(reader);
  if (reader.text[reader.at] === '}') {
    reader.at += 1;
    return;
  }
  for (;;) {
    skipBlanks(reader);
    if (reader.text[reader.at] !== '"')
      stop(reader, 'a name in double quotes', mendOfValue(reader.text, reader.at, 'Put names into double quotes'));
    readString(reader);
    skipBlanks(reader);
    if (reader.text[reader.at] !== ':') stop(reader, 'a colon', 'Between a name and its value stands a colon');
    reader.at += 1;
    readValue(reader);
    if (endsWith(reader, '}')) return;
  }
}

/** Passes a comma or the closing bracket; whether it was the bracket. */
function endsWith(reader: Reader, closing: string): boolean {
  skipBlanks(reader);
  const next = reader.text[reader.at];
  if (next !== ',' && next !== closing)
    stop(reader, `a comma or ${closing}`, mendOfValue(reader.text, reader.at, 'Put a comma between the two'));
  reader.at += 1;
  return next === closing;
}

/** What somebody probably meant who wrote this where a value or a name should be. */
function mendOfValue(text: string, at: number, otherwise = 'Put texts into double quotes'): string {
  const rest = text.slice(at, at + 12);
  if (/^[}\]]/.test(rest)) return 'Take away the comma before it';
  if (rest.startsWith(',')) return 'Take away the comma, or put a value before it';
  if (/^['`‘’“”]/.test(rest)) return 'Use straight double quotes';
  if (/^(?:\/[/*]|#)/.test(rest)) return 'JSON has no comments: take it away';
  if (/^(?:NaN|[+-]?Infinity|undefined|None)/.test(rest)) return 'Use null, or leave the field out';
  if (/^(?:True|False)/.test(rest)) return 'Write true and false in small letters';
  if (/^[+.][0-9]/.test(rest)) return 'Numbers have a digit before the point and no plus';
  return otherwise;
}

function faultAt(text: string, { at, wanted, mend }: Place): JsonFault {
  const before = text.slice(0, at);
  const lineStart = before.lastIndexOf('\n') + 1;
  const line = before.split('\n').length;
  return { line, column: at - lineStart + 1, wanted, found: shown(text, at), mend };
}

/** Punctuation and control characters tell what is wrong; letters and digits may belong to a secret. */
function shown(text: string, at: number): string {
  const character = text[at];
  if (character === undefined) return 'the end of the text';
  if (/[a-z]/i.test(character)) return 'a letter';
  if (/[0-9]/.test(character)) return 'a digit';
  if (character < ' ') return `U+${character.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`;
  if (character > '~') return 'a character beyond ASCII';
  return `"${character}"`;
}
