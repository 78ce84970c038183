/** Speaks with the server: its public API, with the session cookie, and nothing else. */

/** What the server refused, in its own words: a stable code, what is wrong, how to mend it. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly mend: string | undefined;
  /** Per field, by JSON pointer into what was sent. */
  readonly problems: readonly FieldProblem[];

  constructor(status: number, document: Partial<ProblemDocument>) {
    super(forPeople(document.detail ?? '') ?? `The server answered ${status}`);
    this.name = 'Problem';
    this.status = status;
    this.code = document.code ?? 'unknown';
    this.mend = forPeople(document.mend ?? '');
    this.problems = document.problems?.map(told) ?? partsOf({ code: this.code, text: this.message, mend: this.mend });
  }
}

function told({ mend = '', ...problem }: FieldProblem): FieldProblem {
  const mended = forPeople(mend);
  return {
    ...problem,
    wanted: forPeople(problem.wanted) ?? problem.wanted,
    ...(mended === undefined ? {} : { mend: mended }),
  };
}

const route = /\b(?:GET|POST|PUT|PATCH|DELETE) \//;

/** What the server says without the routes that it names for programs: who reads this clicks. Undefined where nothing is left. */
export function forPeople(text: string): string | undefined {
  const sentences = text
    .replaceAll(/ \((?:GET|POST|PUT|PATCH|DELETE) \/[^)]*\)/g, '')
    .split(/(?<=\.) /)
    .map((sentence) =>
      sentence
        .split(/; |, or (?=make |by )/)
        .filter((clause) => !route.test(clause))
        .join('; '),
    )
    .filter((sentence) => sentence !== '');
  const left = sentences.join(' ').trim();
  return left === '' ? undefined : left;
}

/** Some errors are about one part of what was sent, and say so by their code alone. */
function partsOf({
  code,
  text,
  mend,
}: {
  readonly code: string;
  readonly text: string;
  readonly mend: string | undefined;
}): readonly FieldProblem[] {
  const part = /^(?:invalid_)?(target|credentials|headers?|event|secret|policy|filter)(?:_|$)/.exec(code)?.[1];
  if (part === undefined) return [];
  const at = part === 'event' ? '/events' : part === 'header' ? '/headers' : `/${part}`;
  if (part === 'event' && /: got none$/.test(text)) return [{ at, wanted: '', found: 'none' }];
  const whole = /[.!?]$/.test(text) ? text : `${text}.`;
  return [{ at, wanted: '', found: '', text: mend === undefined ? text : `${whole} ${mend}` }];
}

export type FieldProblem = {
  readonly at: string;
  /** The whole of it, where it is told in one sentence. */
  readonly text?: string;
  readonly wanted: string;
  readonly found: string;
  readonly mend?: string;
};

type ProblemDocument = {
  readonly detail: string;
  readonly code: string;
  readonly mend: string;
  readonly problems: readonly FieldProblem[];
};

export type Query = { readonly [name: string]: string | number | boolean | undefined };
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type AskOptions = {
  readonly query?: Query;
  readonly body?: unknown;
  /** `ETag` of what the change was decided on. */
  readonly ifMatch?: string;
  readonly signal?: AbortSignal;
};

/** `/v1/assets?limit=20`, without what is undefined or empty. */
export function urlOf(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== '') search.set(name, String(value));
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** Throws a `Problem`, with status 0 where the server cannot be reached. */
export async function ask<T>(method: Method, path: string, options: AskOptions = {}): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (options.body !== undefined) headers['content-type'] = 'application/json';
  if (options.ifMatch !== undefined) headers['if-match'] = options.ifMatch;
  const workspace = chosenWorkspace();
  if (workspace !== null) headers['assetwire-workspace'] = workspace;
  let response: Response;
  try {
    response = await fetch(urlOf(path, options.query), {
      method,
      headers,
      credentials: 'same-origin',
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Problem(0, { detail: 'The server cannot be reached', code: 'unreachable' });
  }
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  const document = readJson(text);
  if (!response.ok) throw new Problem(response.status, document ?? {});
  return document as T;
}

function readJson(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

const workspaceParameter = 'workspace';

/**
 * The workspace that this tab looks at: part of its address, so that two tabs can look at two, and a link leads where it was
 * copied. Null: the session's own.
 */
export function chosenWorkspace(): string | null {
  return new URLSearchParams(location.search).get(workspaceParameter);
}

/** A path for what the browser fetches by itself (pictures, streams): it cannot send our header. */
export function fetched(path: string): string {
  const workspace = chosenWorkspace();
  if (workspace === null) return path;
  return `${path}${path.includes('?') ? '&' : '?'}assetwire-workspace=${encodeURIComponent(workspace)}`;
}

/** Sends a file with its progress; `abort` ends it. */
export function sendFile(
  { path, file, asset }: { readonly path: string; readonly file: File; readonly asset?: object },
  onProgress: (share: number) => void,
): { readonly done: Promise<unknown>; readonly abort: () => void } {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    const form = new FormData();
    if (asset !== undefined) form.append('asset', new Blob([JSON.stringify(asset)], { type: 'application/json' }));
    form.append('file', file, file.name);
    request.open('POST', path);
    const workspace = chosenWorkspace();
    if (workspace !== null) request.setRequestHeader('assetwire-workspace', workspace);
    request.responseType = 'json';
    request.upload.addEventListener('progress', (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    });
    request.addEventListener('load', () => {
      if (request.status < 300) resolve(request.response);
      else reject(new Problem(request.status, (request.response ?? {}) as Partial<ProblemDocument>));
    });
    request.addEventListener('error', () =>
      reject(new Problem(0, { detail: 'The upload broke off', code: 'unreachable' })),
    );
    request.addEventListener('abort', () => reject(new Problem(0, { detail: 'Cancelled', code: 'cancelled' })));
    request.send(form);
  });
  return { done, abort: () => request.abort() };
}

/** Sends a file as it is, with its progress: what streams while somebody watches. */
export function streamFile(path: string, file: File, onProgress: (share: number) => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('PUT', path);
    request.setRequestHeader('content-type', 'application/octet-stream');
    const workspace = chosenWorkspace();
    if (workspace !== null) request.setRequestHeader('assetwire-workspace', workspace);
    request.responseType = 'json';
    request.upload.addEventListener('progress', (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    });
    request.addEventListener('load', () => {
      if (request.status < 300) resolve(request.response);
      else reject(new Problem(request.status, (request.response ?? {}) as Partial<ProblemDocument>));
    });
    request.addEventListener('error', () =>
      reject(new Problem(0, { detail: 'The upload broke off', code: 'unreachable' })),
    );
    request.send(file);
  });
}
