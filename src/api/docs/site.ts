/** The documentation as it is served: what `make/` makes of the Markdown, or made already where this is what was built. */
import { readFile } from 'node:fs/promises';
import { deserialize, serialize } from 'node:v8';
import { startThread } from '../../runtime/start-thread.ts';

export type SiteFile = {
  readonly contentType: string;
  readonly body: Uint8Array<ArrayBuffer>;
  /** The same, compressed; null where it is hardly smaller. */
  readonly gzip: Uint8Array<ArrayBuffer> | null;
  readonly etag: string;
};

export type Site = {
  readonly files: ReadonlyMap<string, SiteFile>;
  /** Path and title of every page, for suggestions. */
  readonly titles: ReadonlyMap<string, string>;
  /** The page that says that there is no such page; `notFoundMark` in it is replaced by what is suggested. */
  readonly notFound: string;
};

/** Beside this file in what is built. */
export const siteFileName = 'site.v8';
/** In a checkout only. */
const makerFile = './make/site-thread.ts';

/** The site as one file, the same for the same site. */
export function packSite(site: Site): Uint8Array {
  return serialize(site);
}

/**
 * In a checkout the pages are made of its Markdown, on a thread that ends afterwards and takes its libraries along: the loop
 * that delivers never renders. What is built brings them along and needs no such libraries.
 */
export async function loadSite(): Promise<Site> {
  if (!import.meta.url.endsWith('.ts'))
    return deserialize(await readFile(new URL(siteFileName, import.meta.url))) as Site;
  const entry = new URL(makerFile, import.meta.url);
  return new Promise((resolve, reject) => {
    const thread = startThread(entry, 'assetwire-documents');
    thread.once('message', (site: Site) => resolve(site));
    thread.once('error', reject);
    // After a message this does nothing any more.
    thread.once('exit', (code) => reject(new Error(`The documentation must be made: its thread ended with ${code}`)));
  });
}
