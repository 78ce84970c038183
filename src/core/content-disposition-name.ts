/** The file name that a `Content-Disposition` proposes (RFC 6266); null where it proposes none. Never a path: see `fileNameOf`. */
export function dispositionName(header: string | null): string | null {
  if (header === null || header.length > 8_192) return null;
  const extended = /;\s*filename\*\s*=\s*(?:utf-8|iso-8859-1)'[^']*'([^;\s]+)/i.exec(header);
  const decoded = extended === null ? null : decode(extended[1] ?? '');
  if (decoded !== null && decoded.trim() !== '') return decoded;
  const quoted = /;\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"/i.exec(header);
  if (quoted !== null) return nonEmpty((quoted[1] ?? '').replace(/\\(.)/g, '$1'));
  const bare = /;\s*filename\s*=\s*([^;"\s]+)/i.exec(header);
  return bare === null ? null : nonEmpty(bare[1] ?? '');
}

/** The last part of an address's path, as people read it; null where it ends with a slash. */
export function addressName(url: string): string | null {
  const path = URL.canParse(url) ? new URL(url).pathname : '';
  const last = path.slice(path.lastIndexOf('/') + 1);
  return nonEmpty(decode(last) ?? last);
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function nonEmpty(text: string): string | null {
  return text.trim() === '' ? null : text;
}
