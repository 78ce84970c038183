/** The page behind a one-time link: sets a password. The token stands behind the #, which no server and no log sees. */
import { h } from './elements.js';
import { ask } from './server.js';

const main = document.getElementById('main');
const token = /^#link=([\w.~-]{1,512})$/.exec(location.hash)?.[1];
// Gone from the address line and the history as soon as it is known.
history.replaceState(null, '', '/password');

if (token === undefined) {
  show('This link is not whole', 'Copy all of it, to its last character, or ask for a new one.');
} else {
  showForm(token);
}

function show(title, text) {
  main.replaceChildren(h('section.card.sign-in', {}, h('h1', {}, title), h('p.hint', {}, text)));
}

function showForm(link) {
  const field = (label, name) =>
    h('input', {
      type: 'password',
      name,
      autocomplete: 'new-password',
      required: true,
      minlength: '12',
      maxlength: '1024',
      placeholder: label,
      'aria-label': label,
    });
  const first = field('New password', 'password');
  const second = field('The same once more', 'again');
  const wrong = h('p.wrong', { role: 'alert', hidden: true }, '');
  const submit = h('button', { type: 'submit' }, 'Set password');
  const say = (text) => {
    wrong.hidden = false;
    wrong.textContent = text;
    submit.disabled = false;
  };
  const onsubmit = async (event) => {
    event.preventDefault();
    if (first.value !== second.value) return say('The two are not the same.');
    submit.disabled = true;
    try {
      const user = await ask('POST', '/v1/passwords', { token: link, password: first.value });
      main.replaceChildren(
        h(
          'section.card.sign-in',
          {},
          h('h1', {}, 'Your password is set'),
          h('p', {}, `Sign in as ${user.email}.`),
          h('p', {}, h('a', { href: '/' }, 'To the sign-in')),
        ),
      );
    } catch (error) {
      say(error.status === 401 ? 'This link was used, is over, or was replaced. Ask for a new one.' : error.message);
    }
  };
  main.replaceChildren(
    h(
      'section.card.sign-in',
      {},
      h('h1', {}, 'Set your password'),
      h('p.hint', {}, 'At least 12 characters. A few words in a row are good; nothing about them is prescribed.'),
      h('form', { onsubmit }, first, second, wrong, h('div', {}, submit)),
    ),
  );
  first.focus();
}
