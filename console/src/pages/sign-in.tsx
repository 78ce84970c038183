import { type FormEvent, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { ask, Problem } from '../api/ask.ts';
import { Button } from '../parts/button.tsx';
import { wordsOf } from '../parts/state.tsx';
import { words } from '../words/words.ts';

const linkForm = /^#sign-in=([\w.~-]{1,512})$/;

/** By the terminal's link, by e-mail and password, or with a key. */
export function SignIn({ onSignedIn }: { readonly onSignedIn: () => void }) {
  return (
    <main className="sign-in" id="main">
      <Ways lead={words.signIn.lead} onSignedIn={onSignedIn} />
    </main>
  );
}

/**
 * In front of the page that somebody was at when their session ended. What they wrote there is still there once they are back,
 * and nobody sees any of it until then.
 */
export function SignInAgain({ onSignedIn }: { readonly onSignedIn: () => void }) {
  const element = useRef<HTMLDialogElement>(null);
  const open = () => {
    const dialog = element.current;
    if (dialog === null || dialog.open) return;
    dialog.showModal();
    dialog.querySelector('input')?.focus();
  };
  useLayoutEffect(() => {
    open();
    const dialog = element.current;
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={element}
      className="sign-in again"
      aria-label={words.signIn.title}
      onCancel={(event) => event.preventDefault()}
      // Browsers let Escape through the second time.
      onClose={open}
    >
      <Ways lead={words.signIn.ended} onSignedIn={onSignedIn} />
    </dialog>
  );
}

function Ways({ lead, onSignedIn }: { readonly lead: string; readonly onSignedIn: () => void }) {
  const [by, setBy] = useState<'password' | 'key'>('password');
  const [busy, setBusy] = useState(() => linkForm.test(location.hash));
  const [problem, setProblem] = useState<string | null>(null);
  const [email, setEmail] = useState('');
  const [secret, setSecret] = useState('');

  useEffect(() => {
    const before = document.title;
    document.title = words.signIn.title;
    const leave = () => {
      document.title = before;
    };
    // What stands behind the # reaches no server and no log; it is taken out of the address at once.
    const token = linkForm.exec(location.hash)?.[1];
    if (location.hash !== '') history.replaceState(null, '', location.pathname + location.search);
    if (token === undefined) {
      setBusy(false);
      return leave;
    }
    ask('POST', '/v1/sessions', { body: { token } }).then(onSignedIn, (error: unknown) => {
      setBusy(false);
      setProblem(error instanceof Problem && error.status === 401 ? words.signIn.wrongLink : wordsOf(error));
    });
    return leave;
  }, []);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    const body = by === 'key' ? { key: secret.trim() } : { email: email.trim(), password: secret };
    ask('POST', '/v1/sessions', { body }).then(onSignedIn, (error: unknown) => {
      setBusy(false);
      const wrong = by === 'key' ? words.signIn.wrongKey : words.signIn.wrongPassword;
      setProblem(error instanceof Problem && error.status === 401 ? wrong : wordsOf(error));
    });
  };

  return (
    <form className="box" onSubmit={submit} aria-label={words.signIn.title}>
      <img src="/page/icon.svg" alt="" />
      <div className="stack tight">
        <h1>{words.signIn.title}</h1>
        <p className="quiet">{lead}</p>
      </div>
      <div className="segments" role="group" aria-label={words.signIn.submit}>
        {(['password', 'key'] as const).map((way) => (
          <button
            key={way}
            type="button"
            aria-pressed={by === way}
            style={{ flex: 1, justifyContent: 'center' }}
            onClick={() => {
              setBy(way);
              setSecret('');
              setProblem(null);
            }}
          >
            {way === 'key' ? words.signIn.byKey : words.signIn.byPassword}
          </button>
        ))}
      </div>
      {by === 'password' ? (
        <Entry
          label={words.signIn.email}
          type="email"
          name="email"
          complete="username"
          value={email}
          onChange={setEmail}
        />
      ) : null}
      <Entry
        key={by}
        label={by === 'key' ? words.signIn.key : words.signIn.password}
        type="password"
        name={by === 'key' ? 'key' : 'password'}
        complete={by === 'key' ? 'off' : 'current-password'}
        value={secret}
        onChange={setSecret}
      />
      {problem === null ? null : (
        <p className="wrong" role="alert" style={{ color: 'var(--bad)' }}>
          {problem}
        </p>
      )}
      <Button type="submit" look="primary" busy={busy}>
        {busy ? words.signIn.checking : words.signIn.submit}
      </Button>
    </form>
  );
}

function Entry({
  label,
  type,
  name,
  complete,
  value,
  onChange,
}: {
  readonly label: string;
  readonly type: 'email' | 'password';
  readonly name: string;
  readonly complete: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  return (
    <div className="field">
      <label htmlFor={`sign-in-${name}`}>{label}</label>
      <input
        id={`sign-in-${name}`}
        className="input"
        type={type}
        name={name}
        autoComplete={complete}
        required
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  );
}
