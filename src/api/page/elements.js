/** Makes elements. Text is always text: nothing on these pages is ever parsed as HTML. */

/**
 * @param {string} tag a tag name, with classes behind dots: `p.hint`
 * @param {Record<string, unknown>} [properties] `on…` are listeners, `data-…`/`aria-…` attributes, the rest properties
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function h(tag, properties = {}, ...children) {
  const [name, ...classes] = tag.split('.');
  const element = document.createElement(name);
  if (classes.length > 0) element.className = classes.join(' ');
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (key.includes('-') || key === 'role' || key === 'for' || key === 'colspan')
      element.setAttribute(key, value === true ? '' : String(value));
    else element[key] = value;
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A button that is busy while what it does is under way. */
export function button(label, onclick, properties = {}) {
  const element = h('button', { type: 'button', ...properties }, label);
  element.addEventListener('click', async () => {
    element.disabled = true;
    element.dataset.busy = '';
    try {
      await onclick();
    } catch (error) {
      toast(error.message ?? String(error), 'bad');
    } finally {
      element.disabled = false;
      delete element.dataset.busy;
    }
  });
  return element;
}

export function badge(text, tone) {
  return h('span.badge', { 'data-tone': tone }, text);
}

export function toast(text, tone = 'good') {
  const note = h('div.toast', { 'data-tone': tone }, text);
  document.getElementById('toasts').append(note);
  setTimeout(() => note.remove(), tone === 'bad' ? 8000 : 4000);
}

/** A button that copies, and says so. */
export function copyButton(text, label = 'Copy') {
  const element = h('button.quiet.small', { type: 'button', title: `Copy ${text}` }, label);
  element.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text);
      element.textContent = 'Copied';
    } catch {
      element.textContent = 'Select it by hand';
    }
    setTimeout(() => {
      element.textContent = label;
    }, 1500);
  });
  return element;
}

const shownCharactersMax = 65536;

/** JSON in colours; anything else as it is. */
export function prettyBody(text) {
  const pre = h('pre.code', { tabIndex: 0 });
  let formatted = text;
  try {
    formatted = JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    pre.append(text.slice(0, shownCharactersMax) || '(empty)');
    return pre;
  }
  const shown = formatted.slice(0, shownCharactersMax);
  const token = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
  let at = 0;
  for (const match of shown.matchAll(token)) {
    pre.append(shown.slice(at, match.index));
    const kind = match[2] !== undefined ? 'key' : match[1] !== undefined ? 'text' : 'value';
    pre.append(h(`span.${kind}`, {}, match[1] ?? match[0]));
    if (match[2] !== undefined) pre.append(match[2]);
    at = match.index + match[0].length;
  }
  pre.append(shown.slice(at), formatted.length > shown.length ? '\n… cut' : '');
  return pre;
}

export function time(ms) {
  const date = new Date(ms);
  return h('time', { dateTime: date.toISOString(), title: date.toISOString() }, date.toLocaleTimeString());
}

export function bytes(count) {
  if (count < 1000) return `${count} B`;
  if (count < 1_000_000) return `${(count / 1000).toFixed(1)} kB`;
  return `${(count / 1_000_000).toFixed(1)} MB`;
}

export function duration(ms) {
  if (ms === undefined) return '–';
  return ms < 1000 ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export function uptime(seconds) {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3600)} h`;
}
