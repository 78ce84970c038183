/**
 * The workspace that a browser looks at, where it fetches by itself: pictures, films and event streams cannot send our header.
 * `?assetwire-workspace=ID` on a read stands for it, for callers who come with the session cookie; programs use the header.
 */
import type { IncomingMessage } from 'node:http';
import { workspaceHeader } from './admission.ts';

const parameter = /[?&]assetwire-workspace=([a-z0-9-]{1,63})(?=&|$)/;

/** Takes the parameter out of the address and puts it where the header would be. */
export function takeWorkspaceParameter(request: IncomingMessage): void {
  const { url = '', method, headers } = request;
  if (!url.includes(`${workspaceHeader}=`)) return;
  if ((method !== 'GET' && method !== 'HEAD') || headers.authorization !== undefined || headers.cookie === undefined)
    return;
  const found = parameter.exec(url);
  if (found === null || found[1] === undefined || headers[workspaceHeader] !== undefined) return;
  headers[workspaceHeader] = found[1];
  const rest = url.slice(found.index + found[0].length);
  const before = url.slice(0, found.index);
  const first = before.includes('?') || rest === '' ? rest : `?${rest.slice(1)}`;
  request.url = before + first;
}
