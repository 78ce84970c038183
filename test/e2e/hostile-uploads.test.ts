/** Files made to harm, uploaded to the whole server: taken in, told, served so that they do nothing, and asked of nobody. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import type { Called } from '../../src/api/testing/test-server.ts';
import { gifOf, pngClaiming, zipOf } from '../../src/media/testing/sample-files.ts';
import { eventually, expectStatus, type RealServer, rows, startRealServer, type Tenant, text } from './real-server.ts';

let server: RealServer;
let tenant: Tenant;
let canary: Server;
let canaryHits = 0;
let canaryUrl = '';
let canaryFile = '';
let canaryPicture = '';
let directory = '';

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'assetwire-canary-'));
  canaryFile = join(directory, 'canary.txt');
  await writeFile(canaryFile, 'canary-content');
  canaryPicture = join(directory, 'canary.png');
  await writeFile(
    canaryPicture,
    await sharp({ create: { width: 9, height: 9, channels: 3, background: '#f00' } })
      .png()
      .toBuffer(),
  );
  canary = createServer((socket) => {
    canaryHits += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
  canaryUrl = `http://127.0.0.1:${(canary.address() as AddressInfo).port}`;
  server = await startRealServer();
  tenant = await server.tenant('hostile');
});
after(async () => {
  await server[Symbol.asyncDispose]();
  canary.close();
  await rm(directory, { recursive: true });
});

type State = {
  readonly kind: string;
  readonly name: string;
  readonly file: { readonly mimeType: string; readonly bytes: number };
  readonly inspection: { readonly state: string; readonly note?: string };
  readonly derivation?: { readonly note: string };
  readonly renditions: readonly { readonly title: string; readonly bytes: number; readonly widthPx: number }[];
};
type Kept = { readonly id: string; readonly state: State };

/** Uploads and waits until the asset is ready, and its pictures are made or known not to be. */
async function keep(name: string, content: Buffer | string, pictures = false): Promise<Kept> {
  const { json } = expectStatus(await tenant.upload(name, Buffer.from(content)), 201);
  const id = text(json['id']);
  const shown = await eventually(
    async () => (await tenant.ask(`/v1/assets/${id}`))['state'] as State,
    ({ inspection, renditions, derivation }) =>
      inspection.state !== 'pending' && (!pictures || renditions.length > 0 || derivation !== undefined),
    `${name} is ready`,
  );
  return { id, state: shown };
}

async function download(path: string, headers: { readonly [name: string]: string } = {}) {
  const answer = await fetch(`${server.url}${path}`, {
    headers: { authorization: `Bearer ${tenant.key}`, ...headers },
  });
  return { status: answer.status, headers: answer.headers, content: Buffer.from(await answer.arrayBuffer()) };
}

/** Whatever it is: the browser takes it for what we say, runs nothing of it, and may not show it among our pages. */
async function assertHarmless(path: string, content: Buffer | string): Promise<Headers> {
  const answer = await download(path);
  assert.equal(answer.status, 200);
  assert.deepEqual(answer.content, Buffer.from(content), 'stored and served as it came');
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
  assert.match(answer.headers.get('content-security-policy') ?? '', /sandbox/);
  assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'/);
  return answer.headers;
}

test('UP-03 SVG with scripts, entities and references is stored as it is, never shown, never followed; its renditions are pixels', async () => {
  const svgs = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10" onload="fetch('${canaryUrl}')"><script>alert(1)</script><foreignObject><iframe src="${canaryUrl}"/></foreignObject></svg>`,
    `<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file://${canaryFile}"><!ENTITY y SYSTEM "${canaryUrl}/dtd">]><svg width="9" height="9"><text>&x;&y;</text></svg>`,
    `<svg width="9" height="9" xmlns:xlink="http://www.w3.org/1999/xlink"><use href="${canaryUrl}/use"/><image xlink:href="${canaryUrl}/i.png"/><style>@import url(${canaryUrl}/s.css);</style></svg>`,
    `<!DOCTYPE svg [${Array.from({ length: 20 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('')}]><svg width="9" height="9">&l20;</svg>`,
    `<svg width="9" height="9">${'<g/>'.repeat(300_000)}</svg>`,
    `<svg width="9" height="9" xmlns:xlink="http://www.w3.org/1999/xlink"><image width="9" height="9" xlink:href="file://${canaryPicture}"/><image width="9" height="9" href="${canaryPicture}"/></svg>`,
  ];
  for (const svg of svgs) {
    // Behind declarations without end it is not even taken for a drawing.
    const taken = !svg.includes('l20');
    const { id, state } = await keep('drawing.svg', svg, taken);
    assert.equal(state.file.mimeType, taken ? 'image/svg+xml' : 'text/plain');
    for (const { title } of state.renditions) {
      const rendition = await download(`/v1/assets/${id}/renditions/${title}`);
      assert.match(rendition.headers.get('content-type') ?? '', /^image\/(?:jpeg|png)$/);
      assert.doesNotMatch(rendition.content.toString('latin1'), /<svg|script|canary/);
    }
    assert.doesNotMatch(JSON.stringify(state), /canary-content/);
    const headers = await assertHarmless(`/v1/assets/${id}/content`, svg);
    assert.match(headers.get('content-disposition') ?? '', /^attachment;/);
  }
  assert.equal(canaryHits, 0);
});

test('UP-03 a drawing that names a picture on this disk is drawn without it', async () => {
  const svg = (reference: string): string =>
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="20" height="20"><rect width="9" height="9" fill="#00f"/><image width="20" height="20" xlink:href="${reference}"/></svg>`;
  for (const reference of [canaryPicture, `file://${canaryPicture}`, 'canary.png', './canary.png']) {
    const { id, state } = await keep('drawing.svg', svg(reference), true);
    assert.equal(state.renditions.length, 3, JSON.stringify(state));
    const { content } = await download(`/v1/assets/${id}/renditions/small`);
    const { data } = await sharp(content).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    for (let at = 0; at < data.length; at += 3)
      assert.ok((data[at] ?? 0) < 200 || (data[at + 1] ?? 0) > 50, `${reference}: the canary is seen`);
  }
  // The same picture inside of the drawing is seen: the colour would be found.
  const inside = `data:image/png;base64,${(await readFile(canaryPicture)).toString('base64')}`;
  const { id } = await keep('drawing.svg', svg(inside), true);
  const { content } = await download(`/v1/assets/${id}/renditions/small`);
  const { data } = await sharp(content).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  assert.ok((data.at(-3) ?? 0) > 250 && (data.at(-2) ?? 255) < 5, 'what is looked for above would be found');
});

test('UP-04 a page, a script or a mail named as a picture is what its content says, and only ever downloaded', async () => {
  const script = '<script>alert(document.domain)</script>';
  const files: readonly (readonly [string, Buffer | string, RegExp])[] = [
    ['photo.jpg', `<!doctype html>${script}`, /^text\/html$/],
    ['photo.png', `<html xmlns="http://www.w3.org/1999/xhtml">${script}</html>`, /^text\/html$/],
    ['photo.gif', `MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n\r\n${script}`, /^message\/rfc822$/],
    ['photo.jpeg', 'alert(1)//', /^text\/plain$/],
    ['photo.webp', '%PDF-1.7\n1 0 obj <</OpenAction <</S/JavaScript/JS(app.alert(1))>>>>', /^application\/pdf$/],
    [
      'report.pdf',
      Buffer.concat([Buffer.from('%PDF-1.4\n'), zipOf('a.class', deflateSync(Buffer.from('x')), 1)]),
      /^application\/pdf$/,
    ],
    ['movie.mp4', Buffer.from('MZ\x90\0\x03\0\0\0', 'latin1'), /octet-stream|x-msdownload/],
  ];
  for (const [name, content, type] of files) {
    const { id, state } = await keep(name, content);
    assert.match(state.file.mimeType, type, name);
    assert.deepEqual(state.renditions, [], name);
    const headers = await assertHarmless(`/v1/assets/${id}/content`, content);
    assert.match(headers.get('content-disposition') ?? '', /^attachment;/, name);
  }
});

test('UP-04 a picture with an archive or a page in it is shown as a picture, and its renditions are pixels alone', async () => {
  const page = '<html><script>alert(1)</script></html>';
  const picture = await sharp({ create: { width: 300, height: 200, channels: 3, background: '#48c' } })
    .jpeg()
    .toBuffer();
  const polyglots: readonly (readonly [string, Buffer, string])[] = [
    ['both.jpg', Buffer.concat([picture, zipOf('evil.class', deflateSync(Buffer.from('evil')), 4)]), 'image/jpeg'],
    ['both.html', Buffer.concat([picture, Buffer.from(page)]), 'image/jpeg'],
    ['both.gif', Buffer.concat([gifOf(1), Buffer.from(`/*${page}*/`)]), 'image/gif'],
  ];
  for (const [name, content, type] of polyglots) {
    const { id, state } = await keep(name, content, true);
    assert.equal(state.file.mimeType, type, name);
    assert.deepEqual(
      state.renditions.map(({ title }) => title),
      ['small', 'medium', 'large'],
    );
    const headers = await assertHarmless(`/v1/assets/${id}/content`, content);
    assert.equal(headers.get('content-type'), type);
    for (const { title, bytes } of state.renditions) {
      const rendition = await download(`/v1/assets/${id}/renditions/${title}`);
      assert.equal(rendition.content.length, bytes);
      assert.equal(rendition.content.includes('script') || rendition.content.includes('PK\x03\x04'), false, name);
      assert.equal(rendition.headers.get('x-content-type-options'), 'nosniff');
      assert.match(rendition.headers.get('content-security-policy') ?? '', /sandbox/);
      assert.match(rendition.headers.get('content-type') ?? '', /^image\/(?:jpeg|png)$/);
    }
  }
});

test('UP-05 playlists named as films open no file and no connection', async () => {
  const lists: readonly (readonly [string, string])[] = [
    ['film.mp4', `#EXTM3U\n#EXTINF:10,\n${canaryUrl}/a.ts\n#EXTINF:10,\nfile://${canaryFile}\n`],
    ['film.mov', `#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\nconcat:${canaryUrl}/h|file://${canaryFile}\n`],
    ['film.avi', `ffconcat version 1.0\nfile '${canaryFile}'\nfile '${canaryUrl}/b'\n`],
    ['film.webm', `<?xml version="1.0"?><MPD><BaseURL>${canaryUrl}/</BaseURL></MPD>`],
    ['film.mkv', `# mpv EDL v0\n${canaryFile}\n${canaryUrl}/c\n`],
    ['film.srt', `1\n00:00:00,000 --> 00:00:01,000\n<img src="file://${canaryFile}">\n`],
    ['film.m4v', `[playlist]\nFile1=${canaryUrl}/d\n`],
  ];
  for (const [name, content] of lists) {
    const { id, state } = await keep(name, content);
    assert.notEqual(state.kind, 'video', name);
    assert.doesNotMatch(JSON.stringify(state), /canary-content/, name);
    await assertHarmless(`/v1/assets/${id}/content`, content);
  }
  assert.equal(canaryHits, 0);
});

test('UP-01, UP-02 floods of pixels and bombs become assets with a note, and the server goes on as small as it was', async () => {
  const before = process.memoryUsage().rss;
  const bomb = deflateSync(Buffer.alloc(30_000_000)).subarray(2, -4);
  const flood = await keep('flood.png', pngClaiming(65_535, 65_535));
  assert.equal(flood.state.inspection.state, 'failed');
  assert.match(flood.state.inspection.note ?? '', /65535 x 65535 pixels/);
  for (const [name, content] of [
    ['42.zip', zipOf('0.zip', bomb, 4_294_967_294)],
    ['a.docx', zipOf('[Content_Types].xml', bomb, 30_000_000)],
  ] as const) {
    const { state } = await keep(name, content);
    assert.deepEqual([state.file.mimeType, state.file.bytes], ['application/zip', content.length], name);
  }
  assert.ok(process.memoryUsage().rss - before < 200e6);
});

test('UP-13, UP-20 an empty file, a test virus and a half picture are files like others', async () => {
  const eicar = 'X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*';
  const whole = await readFile(join(import.meta.dirname, '..', '..', 'media', 'umang.jpg'));
  const empty = await keep('empty.jpg', '');
  assert.deepEqual([empty.state.file.bytes, empty.state.file.mimeType], [0, 'application/octet-stream']);
  await assertHarmless(`/v1/assets/${empty.id}/content`, '');
  const virus = await keep('eicar.com', eicar);
  assert.match(
    (await assertHarmless(`/v1/assets/${virus.id}/content`, eicar)).get('content-disposition') ?? '',
    /^attach/,
  );
  const half = await keep('half.jpg', whole.subarray(0, whole.length / 3), true);
  assert.equal(half.state.inspection.state, 'done');
  assert.notEqual(half.state.derivation?.note, undefined);
  assert.deepEqual(half.state.renditions, []);
  assert.doesNotMatch(half.state.derivation?.note ?? '', /\//, 'no path of the server in it');
  const missing = await download(`/v1/assets/${half.id}/renditions/small`);
  assert.equal(missing.status, 404);
  assert.match(missing.content.toString(), /Find the rendition/);
});

test('UP-11 names with folders, controls and tricks become harmless names, also of renditions', async () => {
  const picture = await sharp({ create: { width: 30, height: 20, channels: 3, background: '#48c' } })
    .png()
    .toBuffer();
  for (const name of [
    '../../etc/passwd.png',
    'C:\\\\windows\\\\x.png',
    '..%2f..%2fx.png',
    `${'n'.repeat(200)}.png`,
    '-rf.png',
  ]) {
    const { id, state } = await keep(name, picture, true);
    assert.doesNotMatch(state.name, /[/\\]/);
    for (const { title } of state.renditions) {
      const { headers } = await download(`/v1/assets/${id}/renditions/${title}`);
      const disposition = headers.get('content-disposition') ?? '';
      assert.match(disposition, /^inline; filename="[^"/\\]+-(?:small|medium|large)\.jpg"/, name);
    }
  }
  for (const title of ['..%2f..%2fx', '__proto__', 'constructor', '%00', 'x'.repeat(301)]) {
    const { id } = await keep('plain.png', picture);
    const { status } = await download(`/v1/assets/${id}/renditions/${title}`);
    assert.ok(status === 404 || status === 400, `${title}: ${status}`);
  }
});

test('UP-19 ranges by the thousand, and questions that want another type, get the file as it is', async () => {
  const { id } = await keep('page.html', '<html><script>1</script>');
  const path = `/v1/assets/${id}/content`;
  const many = await download(path, { range: `bytes=${'0-,'.repeat(1_000)}0-` });
  assert.deepEqual([many.status, many.content.length], [200, 24]);
  assert.equal((await download(path, { range: 'bytes=99-' })).status, 416);
  const part = await download(path, { range: 'bytes=1-4' });
  assert.deepEqual([part.status, String(part.content)], [206, 'html']);
  const asked = await download(`${path}?content-type=text/html&response-content-disposition=inline`);
  assert.ok(asked.status === 422 || /^attachment/.test(asked.headers.get('content-disposition') ?? ''));
  const private_ = await download(path);
  assert.match(private_.headers.get('cache-control') ?? '', /no-store|private/);
});

test('TN-01 renditions of another workspace are not found, with or without an id that is right', async () => {
  const picture = await sharp({ create: { width: 30, height: 20, channels: 3, background: '#48c' } })
    .png()
    .toBuffer();
  const { id } = await keep('mine.png', picture, true);
  const other = await server.tenant('stranger');
  const answer: Called = await other.call(`/v1/assets/${id}/renditions/small`);
  assert.equal(answer.status, 404);
});

test('what happened to a picture is told in order: created, ready, renditions made', async () => {
  const picture = await sharp({ create: { width: 900, height: 600, channels: 3, background: '#48c' } })
    .png()
    .toBuffer();
  const { id, state } = await keep('told.png', picture, true);
  assert.deepEqual(
    state.renditions.map(({ widthPx }) => widthPx),
    [250, 750, 900],
    'never enlarged',
  );
  const changes = rows(await tenant.ask(`/v1/assets/${id}/changes?limit=10`));
  assert.deepEqual(changes.map(({ kind }) => kind).reverse(), [
    'asset.created',
    'asset.ready',
    'asset.renditions_made',
  ]);
});
