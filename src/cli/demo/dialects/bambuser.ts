/**
 * Pictures as images, and a broadcast that is live while a film is sent. Nothing is signed in this dialect: a receiver asks
 * for each notification by its id and compares.
 */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { BroadcastView } from '../../../app/broadcast-cases.ts';
import { type DemoDialect, bodyOf, type Expected } from '../demo-dialect.ts';

const film = 'pan.mp4';
const events = ['image.add', 'broadcast.add', 'broadcast.update'];

export const bambuserDemo: DemoDialect = {
  dialect: 'bambuser',
  event: 'image.add',
  proof: 'asked back',
  webhook: () => ({ events }),
  tells: ({ state }) => state.kind === 'image',

  async verify(request, _told, { client }) {
    const eventId = bodyOf(request)?.['eventId'];
    if (typeof eventId !== 'string' || request.bodyCut) return false;
    const known = await client.get<object>(`/bambuser/events/${encodeURIComponent(eventId)}`);
    return JSON.stringify(known) === Buffer.from(request.bodyBase64, 'base64').toString();
  },

  async act({ client, mediaDirectory }, told): Promise<readonly Expected[]> {
    const { id } = await client.send<BroadcastView>('POST', '/v1/broadcasts', { title: 'Live from the demo' });
    const content = createReadStream(join(mediaDirectory, film));
    const { state } = await client.stream<BroadcastView>(`/v1/broadcasts/${id}/stream?name=${film}`, content);
    const sizePx = `${state.widthPx ?? 0} × ${state.heightPx ?? 0}`;
    const one = { told, subject: `broadcast:${id}`, sizePx };
    return [
      { ...one, event: 'broadcast.add', label: `${film} (live)` },
      { ...one, event: 'broadcast.update', label: `${film} (over)` },
    ];
  },
};
