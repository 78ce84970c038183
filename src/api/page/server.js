/** Speaks with the server: the public API, with the session cookie. */

export class Problem extends Error {
  constructor(status, document) {
    super(document.detail ?? `The server answered ${status}`);
    this.status = status;
    this.code = document.code;
    this.mend = document.mend;
  }
}

export async function ask(method, path, body) {
  const response = await fetch(path, {
    method,
    credentials: 'same-origin',
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  }).catch(() => {
    throw new Problem(0, { detail: 'The server cannot be reached' });
  });
  if (response.status === 204) return null;
  const document = await response.json().catch(() => ({}));
  if (!response.ok && response.status !== 503) throw new Problem(response.status, document);
  if (document.code !== undefined && !response.ok) throw new Problem(response.status, document);
  return document;
}

/** Uploads a file; `progress` is told the share that has gone out. */
export function upload(file, progress) {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append('file', file, file.name);
    const request = new XMLHttpRequest();
    request.open('POST', '/v1/assets');
    request.responseType = 'json';
    request.upload.addEventListener('progress', (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total);
    });
    request.addEventListener('load', () => {
      if (request.status < 300) resolve(request.response);
      else reject(new Problem(request.status, request.response ?? {}));
    });
    request.addEventListener('error', () => reject(new Problem(0, { detail: 'The upload broke off' })));
    request.send(form);
  });
}

/**
 * Listens to a stream of server-sent events; browsers reconnect by themselves and say where they were.
 * @returns {() => void} stops listening
 */
export function listen(path, event, onEvent, onState = () => undefined) {
  const source = new EventSource(path);
  source.addEventListener(event, (message) => onEvent(JSON.parse(message.data)));
  source.addEventListener('open', () => onState(true));
  source.addEventListener('error', () => onState(false));
  return () => source.close();
}
