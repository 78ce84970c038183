/** The page at `/`: what runs, the inbox live, deliveries live, a place to drop a picture. */
import { badge, button, bytes, copyButton, duration, h, prettyBody, time, toast, uptime } from './elements.js';
import { ask, listen, upload } from './server.js';

const requestsShownMax = 50;
const deliveriesShownMax = 20;
const inboxesShownMax = 100;
const main = document.getElementById('main');
const stops = [];

start();

async function start() {
  document.getElementById('sign-out').addEventListener('click', signOut);
  const problem = await signInByLink();
  try {
    await ask('GET', '/v1/sessions/current');
  } catch (error) {
    showState(error.status === 0 ? 'Not reachable' : 'Signed out', error.status === 0 ? 'bad' : 'muted');
    if (error.status === 401) showSignIn(problem);
    else showFailure(error);
    return;
  }
  await showOverview();
}

/** The link that the terminal printed carries its token behind the #, which no server and no log ever sees. */
async function signInByLink() {
  const token = /^#sign-in=([\w.~-]{1,512})$/.exec(location.hash)?.[1];
  if (token === undefined) return undefined;
  history.replaceState(null, '', '/');
  try {
    await ask('POST', '/v1/sessions', { token });
    return undefined;
  } catch (error) {
    return error.status === 401
      ? 'This sign-in link has been used or has expired. Restart the server for a new one, or paste a key.'
      : error.message;
  }
}

function showSignIn(problem) {
  const key = h('input', {
    type: 'password',
    name: 'key',
    autocomplete: 'off',
    required: true,
    placeholder: 'API key',
    'aria-label': 'API key',
  });
  const wrong = h('p.wrong', { role: 'alert', hidden: problem === undefined }, problem ?? '');
  const submit = h('button', { type: 'submit' }, 'Sign in');
  const onsubmit = async (event) => {
    event.preventDefault();
    submit.disabled = true;
    try {
      await ask('POST', '/v1/sessions', { key: key.value.trim() });
      key.value = '';
      await showOverview();
    } catch (error) {
      wrong.hidden = false;
      wrong.textContent = error.status === 401 ? 'This key is not good here.' : error.message;
      submit.disabled = false;
      key.select();
    }
  };
  main.replaceChildren(
    h(
      'section.card.sign-in',
      {},
      h('h1', {}, 'Sign in'),
      h('p.hint', {}, 'Open the sign-in link that the server printed when it started, or paste a key.'),
      h('form', { onsubmit }, key, wrong, h('div', {}, submit)),
      h('p.hint', {}, 'Or with your e-mail address and password:'),
      passwordForm(),
    ),
  );
  key.focus();
}

function passwordForm() {
  const field = (type, name, label, autocomplete) =>
    h('input', { type, name, autocomplete, required: true, placeholder: label, 'aria-label': label });
  const email = field('email', 'email', 'E-mail address', 'username');
  const password = field('password', 'password', 'Password', 'current-password');
  const wrong = h('p.wrong', { role: 'alert', hidden: true }, '');
  const submit = h('button', { type: 'submit' }, 'Sign in with password');
  const onsubmit = async (event) => {
    event.preventDefault();
    submit.disabled = true;
    try {
      await ask('POST', '/v1/sessions', { email: email.value.trim(), password: password.value });
      await showOverview();
    } catch (error) {
      wrong.hidden = false;
      wrong.textContent = error.status === 401 ? 'Address or password is not right.' : error.message;
      submit.disabled = false;
      password.select();
    }
  };
  return h('form', { onsubmit }, email, password, wrong, h('div', {}, submit));
}

function showFailure(error) {
  main.replaceChildren(
    h(
      'section.card.sign-in',
      {},
      h('h1', {}, 'The server does not answer as it should'),
      h('p', {}, error.message),
      h(
        'div',
        {},
        button('Try again', () => location.reload()),
      ),
    ),
  );
}

async function signOut() {
  for (const stop of stops.splice(0)) stop();
  await ask('DELETE', '/v1/sessions/current').catch(() => undefined);
  location.replace('/');
}

function showState(text, tone) {
  const state = document.getElementById('state');
  state.textContent = text;
  state.dataset.tone = tone;
}

// --- The signed-in page ----------------------------------------------------------------------------------------------

async function showOverview() {
  document.getElementById('sign-out').hidden = false;
  const tiles = createTiles();
  const inbox = createInbox();
  const deliveries = createDeliveries(tiles.counted);
  const uploads = createUploads(inbox);
  main.replaceChildren(
    h('h1', {}, 'See a webhook arrive'),
    h(
      'p.hint',
      {},
      'Drop a picture: it becomes an asset, the change is committed, signed, delivered to your inbox, and verified there.',
    ),
    tiles.element,
    h('div.columns', {}, uploads.element, inbox.element),
    deliveries.element,
    h(
      'footer',
      {},
      h('a', { href: '/docs/tutorial' }, 'The tutorial'),
      ' goes on from here. Everything on this page is done by the public API: ',
      h('a', { href: '/docs/api' }, 'its list'),
      ', ',
      h('a', { href: '/openapi.json' }, 'its OpenAPI document'),
      '. Metrics are at /metrics, health at ',
      h('a', { href: '/readyz' }, '/readyz'),
      '.',
    ),
  );
  await Promise.all([tiles.load(), inbox.load(), deliveries.load(), uploads.load()]);
}

function createTiles() {
  const tile = (label) => {
    const value = h('b', {}, '–');
    const note = h('span', {}, label);
    return { value, note, element: h('div.tile', {}, value, note) };
  };
  const runs = tile('running');
  const store = tile('store');
  const rate = tile('deliveries per second');
  const waiting = tile('waiting to be delivered');
  const spark = createSpark();
  rate.element.append(spark.element);

  let count = 0;
  const seconds = new Array(60).fill(0);
  const tick = setInterval(() => {
    seconds.push(count);
    seconds.shift();
    count = 0;
    const recent = seconds.slice(-10).reduce((sum, each) => sum + each, 0) / 10;
    rate.value.textContent = recent === 0 ? '0' : recent < 10 ? recent.toFixed(1) : String(Math.round(recent));
    spark.draw(seconds);
  }, 1000);
  stops.push(() => clearInterval(tick));

  const refresh = async () => {
    try {
      const [settings, ready, stats] = await Promise.all([
        ask('GET', '/v1/settings'),
        ask('GET', '/readyz'),
        ask('GET', '/v1/stats?bucketMs=86400000').catch(() => ({ backlog: [] })),
      ]);
      runs.value.textContent = settings.version;
      runs.note.textContent = `running for ${uptime(settings.uptimeSeconds)}`;
      const failing = ready.checks.filter((check) => !check.ok).map((check) => check.name);
      store.value.textContent = ready.ready ? 'Ready' : 'Not ready';
      store.note.textContent =
        failing.length === 0 ? ready.checks.map((check) => check.name).join(', ') : `failing: ${failing.join(', ')}`;
      waiting.value.textContent = String(stats.backlog.reduce((sum, row) => sum + row.pending, 0));
      showState(ready.ready ? 'Running' : 'Not ready', ready.ready ? 'good' : 'bad');
    } catch (error) {
      if (error.status === 401) return location.reload();
      showState('Not reachable', 'bad');
    }
  };
  const poll = setInterval(refresh, 5000);
  stops.push(() => clearInterval(poll));
  return {
    element: h('div.tiles', {}, runs.element, store.element, rate.element, waiting.element),
    load: refresh,
    counted: (deliveries) => {
      count += deliveries;
    },
  };
}

/** A drawing of one line. It is beside what it shows, so it says nothing to who does not see it. */
function createDrawing(className, viewBox) {
  const svg = 'http://www.w3.org/2000/svg';
  const element = document.createElementNS(svg, 'svg');
  element.setAttribute('class', className);
  element.setAttribute('viewBox', viewBox);
  element.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS(svg, 'path');
  line.setAttribute('vector-effect', 'non-scaling-stroke');
  element.append(line);
  return { element, line };
}

/** Drawn, not written: not every machine has a font with a check mark. */
function checkMark() {
  const { element, line } = createDrawing('check', '0 0 12 12');
  line.setAttribute('d', 'M2,6.5 L5,9.5 L10,3');
  return element;
}

function createSpark() {
  const { element, line } = createDrawing('spark', '0 0 60 20');
  element.setAttribute('preserveAspectRatio', 'none');
  return {
    element,
    draw(values) {
      const highest = Math.max(...values);
      if (highest === 0) return line.setAttribute('d', '');
      const points = values.map((value, index) => `${index},${(19 - (value / highest) * 16).toFixed(1)}`).join(' L');
      line.setAttribute('d', `M0,21 L${points} L60,21 Z`);
    },
  };
}

// --- Inbox -----------------------------------------------------------------------------------------------------------

function createInbox() {
  const head = h('header', {}, h('h2', {}, 'Inbox'));
  const body = h('div', {}, h('p.empty', {}, 'Loading…'));
  const element = h('section.card', { id: 'inbox', 'aria-label': 'Inbox' }, head, body);
  const requests = h('div.requests', { id: 'requests' });
  const quiet = h(
    'div.empty',
    {},
    h('p', {}, 'Nothing has arrived yet.'),
    h('p', {}, 'Drop a picture on the left, or send anything to the address above.'),
  );
  let steps;
  let inbox;
  let stop = () => undefined;
  stops.push(() => stop());

  const show = (request, fresh) => {
    quiet.hidden = true;
    const item = requestElement(request);
    if (fresh) item.dataset.fresh = '';
    requests.prepend(item);
    if (request.verification.result === 'verified') steps.done(2);
    while (requests.childElementCount > requestsShownMax) requests.lastElementChild.remove();
  };

  const open = async (opened) => {
    stop();
    inbox = opened;
    steps = createSteps(['Inbox', 'Webhook', 'Verified']);
    steps.done(0);
    const [{ data: inboxes }, { data: webhooks }] = await Promise.all([
      ask('GET', `/v1/inboxes?limit=${inboxesShownMax}`),
      ask('GET', '/v1/webhooks?limit=1000'),
    ]);
    // Another may have been chosen meanwhile.
    if (inbox !== opened) return;
    const connect = h('span');
    const setConnected = (webhook) => {
      if (webhook !== undefined) steps.done(1);
      connect.replaceChildren(
        webhook === undefined
          ? button('Connect a webhook', async () => setConnected(await createWebhook(opened)), { id: 'connect' })
          : button('Send a test', () => testWebhook(webhook), { className: 'quiet', id: 'test' }),
      );
    };
    setConnected(webhookTo(opened, webhooks));
    const choice = inboxes.length > 1 && inboxChoice(inboxes, webhooks, opened, open);
    head.replaceChildren(...[h('h2', {}, 'Inbox'), choice, connect].filter(Boolean));
    requests.replaceChildren();
    quiet.hidden = false;
    body.replaceChildren(
      steps.element,
      h('div.address', {}, h('code', { title: opened.url }, opened.url), copyButton(opened.url)),
      quiet,
      requests,
    );
    const { data } = await ask('GET', `/v1/inboxes/${opened.id}/requests?limit=${requestsShownMax}`);
    if (inbox !== opened) return;
    for (const request of data.toReversed()) show(request, false);
    stop = listen(`/v1/inboxes/${opened.id}/stream`, 'request', (request) => show(request, true));
  };

  const create = async () => {
    const made = await ask('POST', '/v1/inboxes');
    await open(made);
    return made;
  };

  return {
    element,
    async load() {
      try {
        const { data } = await ask('GET', '/v1/inboxes?limit=1');
        if (data[0] !== undefined) return await open(data[0]);
        body.replaceChildren(
          h(
            'div.empty',
            {},
            h('p', {}, 'An inbox is an address that shows what arrives there and whether its signature verifies.'),
            button('Create an inbox', create, { id: 'create-inbox' }),
          ),
        );
      } catch (error) {
        body.replaceChildren(
          h(
            'div.empty',
            {},
            h('p', {}, error.message),
            button('Try again', () => this.load()),
          ),
        );
      }
    },
    /** An inbox with a webhook to it, made where there is none: what a dropped picture needs to be seen. */
    async ensure() {
      if (inbox === undefined) await create();
      if ((await webhookOf(inbox)) === undefined) document.getElementById('connect')?.click();
    },
  };
}

async function webhookOf(inbox) {
  const { data } = await ask('GET', '/v1/webhooks?limit=1000');
  return webhookTo(inbox, data);
}

function webhookTo(inbox, webhooks) {
  return webhooks.find((webhook) => webhook.target.url === inbox.url);
}

/** Which inbox is shown. An inbox has no name of its own; the webhook that sends to it has. */
function inboxChoice(inboxes, webhooks, shown, open) {
  const listed = inboxes.some(({ id }) => id === shown.id) ? inboxes : [shown, ...inboxes];
  const options = listed.map((inbox) => {
    const name = webhookTo(inbox, webhooks)?.name;
    const label = name === undefined ? inbox.id : `${name} · ${inbox.id}`;
    return h('option', { value: inbox.id, selected: inbox.id === shown.id }, label);
  });
  const onchange = async (event) => {
    try {
      await open(listed.find(({ id }) => id === event.target.value));
    } catch (error) {
      toast(error.message, 'bad');
    }
  };
  return h('select', { id: 'inbox-choice', 'aria-label': 'Inbox shown', onchange }, ...options);
}

async function createWebhook(inbox) {
  const webhook = await ask('POST', '/v1/webhooks', {
    name: 'Inbox',
    dialect: 'standard',
    target: { transport: 'http', url: inbox.url },
    events: ['*'],
  });
  toast('The webhook is connected: every change goes to the inbox now');
  return webhook;
}

async function testWebhook(webhook) {
  await ask('POST', `/v1/webhooks/${webhook.id}/test`, {});
  toast('A test is on its way');
}

function createSteps(names) {
  const items = names.map((name, index) => h('li', {}, h('i', {}, String(index + 1)), name));
  return {
    element: h('ol.steps', {}, ...items),
    done(index) {
      const item = items[index];
      if ('done' in item.dataset) return;
      item.dataset.done = '';
      item.firstElementChild.replaceChildren(checkMark());
    },
  };
}

const verificationTone = { verified: 'good', failed: 'bad', unsigned: 'muted' };

function requestElement(request) {
  const text = decodeBody(request.bodyBase64);
  const { result, detail } = request.verification;
  const mark = badge(result, verificationTone[result]);
  if (result === 'verified') mark.prepend(checkMark());
  const summary = h(
    'summary',
    {},
    mark,
    h('span.what', {}, eventOf(text) ?? `${request.method} ${request.path}`),
    h('small', {}, bytes(request.bodyBytes)),
    time(request.atMs),
  );
  const inside = h('div.inside');
  const element = h('details.request', { 'data-verification': result }, summary, inside);
  element.addEventListener(
    'toggle',
    () => {
      inside.replaceChildren(
        h('p.hint', {}, detail),
        headerList(request.headers),
        prettyBody(text),
        ...(request.bodyCut ? [h('p.hint', {}, `Cut: ${bytes(request.bodyBytes)} arrived`)] : []),
      );
    },
    { once: true },
  );
  return element;
}

function headerList(headers) {
  return h('dl.headers', {}, ...headers.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]));
}

function decodeBody(base64) {
  const raw = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new TextDecoder().decode(raw);
}

function eventOf(text) {
  try {
    const { type, event } = JSON.parse(text);
    return typeof type === 'string' ? type : typeof event === 'string' ? event : undefined;
  } catch {
    return undefined;
  }
}

// --- Uploads ---------------------------------------------------------------------------------------------------------

function createUploads(inbox) {
  const files = h('ul.files', { id: 'files' });
  const input = h('input', {
    type: 'file',
    multiple: true,
    'aria-label': 'Files to upload',
    onchange: () => take(input.files),
  });
  const drop = h(
    'label.drop',
    {
      ondragover: (event) => {
        event.preventDefault();
        drop.dataset.over = '';
      },
      ondragleave: () => delete drop.dataset.over,
      ondrop: (event) => {
        event.preventDefault();
        delete drop.dataset.over;
        take(event.dataTransfer.files);
      },
    },
    input,
    h('strong', {}, 'Drop pictures here'),
    h('span', {}, 'or choose files. Each becomes an asset, and a webhook in your inbox.'),
  );

  const take = async (list) => {
    const chosen = [...list];
    input.value = '';
    try {
      await inbox.ensure();
    } catch (error) {
      toast(error.message, 'bad');
    }
    for (const file of chosen) await send(file);
  };
  const send = async (file) => {
    const bar = h('progress', { max: 1, value: 0 });
    const item = h(
      'li',
      {},
      h('span.type', {}, '…'),
      h('div', {}, h('b', {}, file.name), bar),
      h('small', {}, bytes(file.size)),
    );
    files.prepend(item);
    try {
      const asset = await upload(file, (share) => {
        bar.value = share;
      });
      item.replaceWith(assetElement(asset));
    } catch (error) {
      bar.replaceWith(h('small', {}, error.message));
      item.firstElementChild.replaceWith(badge('failed', 'bad'));
    }
  };

  return {
    element: h('section.card', { 'aria-label': 'Upload' }, h('header', {}, h('h2', {}, 'Upload')), drop, files),
    async load() {
      const { data } = await ask('GET', '/v1/assets?limit=5').catch(() => ({ data: [] }));
      files.append(...data.map(assetElement));
    },
  };
}

const previewable = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'image/avif']);
const previewBytesMax = 8_000_000;

function assetElement({ id, state }) {
  const file = state.file;
  const preview =
    file !== undefined && file.blob !== undefined && previewable.has(file.mimeType) && file.bytes < previewBytesMax
      ? h('img', { src: `/v1/assets/${id}/content`, alt: '', loading: 'lazy' })
      : h('span.type', {}, (file?.mimeType ?? state.kind).split('/').at(-1).slice(0, 5).toUpperCase());
  const facts = [
    file?.mimeType,
    file?.widthPx && `${file.widthPx} × ${file.heightPx}`,
    file && bytes(file.bytes),
  ].filter(Boolean);
  return h(
    'li',
    {},
    preview,
    h('div', {}, h('b', { title: state.name }, state.name), h('small', {}, facts.join(' · '))),
    button('Change', () => retag(id, state), {
      className: 'quiet small',
      title: 'Adds a tag, which is a change of its own',
    }),
  );
}

async function retag(id) {
  const { state } = await ask('GET', `/v1/assets/${id}`);
  const tag = `tag ${state.tags.length + 1}`;
  await ask('PATCH', `/v1/assets/${id}`, { tags: [...state.tags, tag] });
  toast(`Added “${tag}”: watch the inbox`);
}

// --- Deliveries ------------------------------------------------------------------------------------------------------

const stateTone = {
  delivered: 'good',
  pending: 'warn',
  held: 'warn',
  rejected: 'bad',
  dead: 'bad',
  cancelled: 'muted',
};

function createDeliveries(counted) {
  const rows = new Map();
  const names = new Map();
  const tbody = h('tbody');
  const table = h(
    'div.scroll',
    { hidden: true },
    h(
      'table',
      { id: 'deliveries' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          ...['Time', 'Event', 'Webhook', 'State', 'Attempts', 'Answer', 'Duration'].map((name) => h('th', {}, name)),
        ),
      ),
      tbody,
    ),
  );
  const empty = h('p.empty', {}, 'Nothing has been delivered yet.');
  const live = badge('live', 'good');

  const nameOf = (id) => {
    if (!names.has(id)) {
      names.set(
        id,
        ask('GET', `/v1/webhooks/${id}`).then(
          (webhook) => webhook.name,
          () => id,
        ),
      );
    }
    return names.get(id);
  };
  const show = (delivery) => {
    empty.hidden = true;
    table.hidden = false;
    const row = deliveryRow(delivery, nameOf);
    const known = rows.get(delivery.id);
    if (known === undefined) tbody.prepend(row);
    else known.replaceWith(row);
    rows.set(delivery.id, row);
    while (tbody.childElementCount > deliveriesShownMax) {
      const last = tbody.lastElementChild;
      rows.delete(last.dataset.id);
      last.remove();
    }
  };

  // Drawn at most once per frame, and then only what still fits on the page: a thousand a second must not stop it.
  let waiting = [];
  let drawing = false;
  const queue = (delivery) => {
    counted(delivery.state === 'delivered' ? 1 : 0);
    waiting.push(delivery);
    if (waiting.length > deliveriesShownMax) waiting = waiting.slice(-deliveriesShownMax);
    if (drawing) return;
    drawing = true;
    requestAnimationFrame(() => {
      drawing = false;
      for (const each of waiting.splice(0)) show(each);
    });
  };

  return {
    element: h(
      'section.card',
      { 'aria-label': 'Latest deliveries' },
      h('header', {}, h('h2', {}, 'Latest deliveries'), live),
      empty,
      table,
    ),
    async load() {
      const { data } = await ask('GET', `/v1/deliveries?limit=${deliveriesShownMax}`).catch(() => ({ data: [] }));
      for (const delivery of [...data].reverse()) show(delivery);
      stops.push(
        listen('/v1/deliveries/stream', 'delivery', queue, (connected) => {
          live.textContent = connected ? 'live' : 'reconnecting';
          live.dataset.tone = connected ? 'good' : 'warn';
        }),
      );
    },
  };
}

function deliveryRow(delivery, nameOf) {
  const name = h('td', {}, '…');
  nameOf(delivery.webhookId).then((text) => {
    name.textContent = text;
  });
  const show = () => showDelivery(delivery.id).catch((error) => toast(error.message, 'bad'));
  return h(
    'tr',
    { 'data-id': delivery.id, tabIndex: 0, onclick: show, onkeydown: (event) => event.key === 'Enter' && show() },
    h('td.number', {}, time(delivery.endedAtMs ?? delivery.createdAtMs)),
    h('td', {}, delivery.event),
    name,
    h('td', {}, badge(delivery.state, stateTone[delivery.state])),
    h('td.number', {}, String(delivery.attempts)),
    h('td', {}, delivery.lastStatus === undefined ? (delivery.lastOutcome ?? '–') : String(delivery.lastStatus)),
    h('td.number', {}, duration(delivery.lastDurationMs)),
  );
}

async function showDelivery(id) {
  const delivery = await ask('GET', `/v1/deliveries/${id}`);
  const dialog = h('dialog', { 'aria-label': 'Delivery', onclose: () => dialog.remove() });
  const again = async () => {
    await ask('POST', `/v1/deliveries/${id}/redeliver`);
    dialog.close();
    toast('It is on its way again');
  };
  dialog.append(
    h(
      'header',
      {},
      h('h2', {}, delivery.event),
      badge(delivery.state, stateTone[delivery.state]),
      h(
        'div',
        {},
        button('Send again', again, { className: 'quiet small' }),
        button('Close', () => dialog.close(), { className: 'quiet small' }),
      ),
    ),
    h(
      'section',
      {},
      h('h3', {}, 'Body'),
      prettyBody(decodeBody(delivery.body.base64)),
      ...delivery.attemptRecords.flatMap(attemptElements),
      delivery.attemptRecords.length === 0 && h('p.hint', {}, 'No attempt has ended yet.'),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
}

function attemptElements(attempt) {
  const { response } = attempt;
  return [
    h(
      'h3',
      {},
      `Attempt ${attempt.number}: ${response === undefined ? `${attempt.outcome} ${attempt.code}` : response.status}, ${duration(attempt.timing.totalMs)}`,
    ),
    h('p.hint', {}, `${attempt.request.method} ${attempt.request.url}`),
    headerList(attempt.request.headers),
    response !== undefined && response.bodyBase64 !== '' ? prettyBody(decodeBody(response.bodyBase64)) : '',
  ];
}
