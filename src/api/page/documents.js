/** What the documentation gains from JavaScript: a search, copy buttons, and where one is in the list of contents. */
import { indexOptions, searchDocuments } from './document-search.js';
import { copyButton, h } from './elements.js';

const entriesMax = 12;
/** Served from the package itself. */
const library = '/docs/minisearch.js';

for (const pre of document.querySelectorAll('article pre')) {
  const snippet = h('div.snippet');
  pre.replaceWith(snippet);
  const button = copyButton(pre.innerText.trimEnd());
  button.title = 'Copy';
  snippet.append(pre, button);
}

followContents();
addSearch(document.getElementById('search'));

function followContents() {
  const links = new Map(
    [...document.querySelectorAll('.contents a')].map((link) => [decodeURIComponent(link.hash.slice(1)), link]),
  );
  const headings = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
  if (headings.length === 0) return;
  let planned = false;
  const mark = () => {
    planned = false;
    const here = headings.findLast((heading) => heading.getBoundingClientRect().top < 120) ?? headings[0];
    for (const link of links.values()) delete link.dataset.here;
    const link = links.get(here.id);
    link.dataset.here = '';
    // Only the list itself is moved, never the page.
    const list = link.closest('.contents');
    const place = link.getBoundingClientRect();
    const frame = list.getBoundingClientRect();
    if (place.top < frame.top || place.bottom > frame.bottom)
      list.scrollTop += place.top - frame.top - frame.height / 2;
  };
  addEventListener('scroll', () => {
    if (planned) return;
    planned = true;
    requestAnimationFrame(mark);
  });
  mark();
}

function addSearch(place) {
  const list = h('ul.found', { id: 'found', role: 'listbox', 'aria-label': 'Found', hidden: true });
  const input = h('input', {
    type: 'search',
    placeholder: 'Search the documentation',
    'aria-label': 'Search the documentation',
    role: 'combobox',
    'aria-expanded': 'false',
    'aria-controls': 'found',
    autocomplete: 'off',
    spellcheck: false,
  });
  place.append(input, h('kbd', { 'aria-hidden': 'true' }, '/'), list);
  let index = null;
  let chosen = 0;

  /** Loaded when somebody begins to search, once. */
  const load = () => {
    index ??= loadIndex().catch((error) => {
      index = null;
      throw error;
    });
    return index;
  };
  const close = () => {
    list.hidden = true;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  };
  const choose = (number) => {
    const options = [...list.querySelectorAll('[role=option]')];
    if (options.length === 0) return;
    chosen = (number + options.length) % options.length;
    options.forEach((option, at) => option.setAttribute('aria-selected', String(at === chosen)));
    options[chosen].scrollIntoView({ block: 'nearest' });
    input.setAttribute('aria-activedescendant', options[chosen].id);
  };
  const show = async () => {
    const wanted = input.value.trim();
    if (wanted === '') return close();
    let entries;
    try {
      entries = searchDocuments(await load(), wanted).slice(0, entriesMax);
    } catch (error) {
      list.replaceChildren(h('li.nothing', {}, `The search could not be loaded: ${error.message}`));
      list.hidden = false;
      return;
    }
    // Something else may have been typed meanwhile.
    if (wanted !== input.value.trim()) return;
    list.replaceChildren(
      ...(entries.length === 0 ? [h('li.nothing', {}, `Nothing is said of “${wanted}”`)] : entries.map(entryElement)),
    );
    list.hidden = false;
    input.setAttribute('aria-expanded', 'true');
    choose(0);
  };

  input.addEventListener('focus', () => void load().catch(() => undefined));
  input.addEventListener('input', () => void show());
  input.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown') choose(chosen + 1);
    else if (event.key === 'ArrowUp') choose(chosen - 1);
    else if (event.key === 'Escape') close();
    else if (event.key === 'Enter') list.querySelector('[aria-selected=true] a')?.click();
    else return;
    event.preventDefault();
  });
  document.addEventListener('click', (event) => {
    if (!place.contains(event.target) || event.target.closest('.found a')) close();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.target.closest('input, textarea')) return;
    event.preventDefault();
    input.focus();
  });
}

async function loadIndex() {
  const [{ default: MiniSearch }, answer] = await Promise.all([import(library), fetch('/docs/search.json')]);
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return MiniSearch.loadJSON(await answer.text(), indexOptions);
}

function entryElement(entry, number) {
  const { id, heading, page, excerpt, terms } = entry;
  return h(
    'li',
    { role: 'option', id: `found-${number}`, 'aria-selected': 'false' },
    h(
      'a',
      { href: id, tabindex: -1 },
      h('b', {}, ...marked(heading, terms)),
      heading === page ? '' : h('small', {}, ` ${page}`),
      excerpt === '' ? '' : h('p', {}, ...marked(excerpt, terms)),
    ),
  );
}

/** The text with what was found in it marked. */
function marked(text, terms) {
  const pattern = terms
    .map((term) => term.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/y$/, '(?:y|ie)'))
    .join('|');
  if (pattern === '') return [text];
  return text.split(new RegExp(`(${pattern})`, 'i')).map((part, at) => (at % 2 === 1 ? h('mark', {}, part) : part));
}
