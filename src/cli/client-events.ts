/** Server-sent events, read from the text of an answer. */

export type ServerEvent = { readonly event: string; readonly data: string; readonly id: string | null };

/** Each event that carries data; comments keep the connection open and say nothing. */
export async function* eventsIn(texts: AsyncIterable<string>): AsyncGenerator<ServerEvent> {
  let pending = '';
  for await (const text of texts) {
    const blocks = (pending + text).split('\n\n');
    pending = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = parseEvent(block);
      if (event !== null) yield event;
    }
  }
}

function parseEvent(block: string): ServerEvent | null {
  let event = 'message';
  let id: string | null = null;
  const data: string[] = [];
  for (const line of block.split('\n')) {
    if (line.startsWith('event:')) event = line.slice(6).trim();
    else if (line.startsWith('id:')) id = line.slice(3).trim();
    else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
  }
  return data.length === 0 ? null : { event, data: data.join('\n'), id };
}
