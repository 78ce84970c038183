/** Which file of the repository stands at which path below `/docs`, and where a link in one of them leads. */
import { posix } from 'node:path';

/** Pages that lie outside `docs/`, by file. */
export const outerPages: { readonly [file: string]: string } = {
  'README.md': '/docs/readme',
  'ARCHITECTURE.md': '/docs/architecture',
  'CONTRIBUTING.md': '/docs/contributing',
  'CHANGELOG.md': '/docs/changelog',
  'packages/receiver/README.md': '/docs/receiver',
};

/** Below `docs/`, what may be linked or shown beside pages: pictures and samples. */
const extras = /^docs\/(?:[\w.-]+\/)*[\w.-]+\.(?:svg|png|mjs|py|php|go|java|cs|rb|sh|yml|yaml|json|service|ts)$/;

/** The path at which a file is served; null for one that is not part of the documentation. */
export function pathOfFile(file: string): string | null {
  const outer = outerPages[file];
  if (outer !== undefined) return outer;
  if (file === 'docs/README.md') return '/docs';
  if (!file.startsWith('docs/') || file.split('/').some((part) => part.startsWith('.'))) return null;
  if (file.endsWith('.md')) return `/${file.replace(/(\/README)?\.md$/, '')}`;
  return extras.test(file) ? `/${file}` : null;
}

export type LinkTarget =
  | { readonly kind: 'outside'; readonly href: string }
  | { readonly kind: 'inside'; readonly href: string; readonly file: string; readonly anchor: string }
  /** A file of the repository that is not served, such as a test. */
  | { readonly kind: 'source'; readonly file: string };

/** Where a link in `file` leads. `served` says whether a file of the documentation is there. */
export function resolveLink(file: string, href: string, served: (file: string) => boolean): LinkTarget {
  if (/^[a-z][a-z0-9+.-]*:/i.test(href)) return { kind: 'outside', href };
  const [path = '', anchor = ''] = href.split('#', 2);
  const wanted =
    path === '' ? file : posix.normalize(posix.join(posix.dirname(file), decoded(path))).replace(/\/$/, '');
  for (const candidate of [wanted, `${wanted}/README.md`]) {
    const at = pathOfFile(candidate);
    if (at === null || !served(candidate)) continue;
    return {
      kind: 'inside',
      href: `${path === '' ? '' : at}${anchor === '' ? '' : `#${anchor}`}` || at,
      file: candidate,
      anchor: decoded(anchor),
    };
  }
  return { kind: 'source', file: wanted };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not percent-encoded: then it is meant as it stands.
    return text;
  }
}
