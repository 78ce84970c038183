import {
  IconDeviceDesktop,
  IconExternalLink,
  IconHelp,
  IconLogout,
  IconMenu2,
  IconMoon,
  IconSearch,
  IconSun,
} from '@tabler/icons-react';
import { type ReactNode, useEffect, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { chosenWorkspace } from '../api/ask.ts';
import { useAll, useCaller, useIsAdmin, useMay } from '../api/queries.ts';
import type { Workspace } from '../api/people.ts';
import { Button } from '../parts/button.tsx';
import { Toasts } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { signOut } from './leaving.ts';
import { Palette } from './palette.tsx';
import { groups, iconPx, mayGo, places } from './places.tsx';
import { ShortcutHelp } from './shortcut-help.tsx';
import { useShortcuts } from './shortcuts.ts';
import { useSideMenu } from './side-menu.ts';
import { setTheme, type Theme, useTheme } from './theme.ts';

/** Everything around a page: where one can go, what one can look for, who one is. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const [location, navigate] = useLocation();
  const [menu, setMenu] = useState(false);
  const [open, setOpen] = useState<'palette' | 'help' | null>(null);
  useEffect(() => {
    setMenu(false);
    setOpen(null);
    window.scrollTo(0, 0);
  }, [location]);
  useShortcuts({
    'mod+k': () => setOpen('palette'),
    '/': () => {
      const search = document.querySelector<HTMLInputElement>('input[type=search]');
      if (search === null) setOpen('palette');
      else search.focus();
    },
    '?': () => setOpen('help'),
    ...Object.fromEntries(places.slice(0, 9).map(({ href }, at) => [String(at + 1), () => navigate(href)])),
  });
  const shell = useSideMenu(menu, () => setMenu(false));
  return (
    <div ref={shell} className="shell" data-menu={menu ? 'open' : 'closed'}>
      <a className="skip" href="#main">
        {words.shell.skip}
      </a>
      {menu ? (
        <button type="button" className="veil" aria-label={words.common.close} onClick={() => setMenu(false)} />
      ) : null}
      <Side location={location} />
      <div className="content" inert={menu}>
        <header className="topbar">
          <span className="menu-button">
            <Button
              label={words.shell.menu}
              aria-expanded={menu}
              icon={<IconMenu2 size={17} aria-hidden />}
              onClick={() => setMenu(true)}
            />
          </span>
          <button type="button" className="palette-button" onClick={() => setOpen('palette')}>
            <IconSearch size={15} aria-hidden />
            <span className="cut">{words.shell.find}</span>
            <kbd>{isMac ? '⌘K' : 'Ctrl K'}</kbd>
          </button>
          <div className="end">
            <Button
              look="plain"
              label={words.shell.shortcuts}
              icon={<IconHelp size={17} aria-hidden />}
              onClick={() => setOpen('help')}
            />
            <ThemeButton />
          </div>
        </header>
        {children}
      </div>
      {open === 'palette' ? <Palette onClose={() => setOpen(null)} onHelp={() => setOpen('help')} /> : null}
      {open === 'help' ? <ShortcutHelp onClose={() => setOpen(null)} /> : null}
      <Toasts />
    </div>
  );
}

const isMac = /mac|iphone|ipad/i.test(navigator.userAgent);

function Side({ location }: { readonly location: string }) {
  const { data: caller } = useCaller();
  return (
    <aside className="side" aria-label={words.shell.menu}>
      <Link href="/" className="brand">
        <img src="/page/icon.svg" alt="" /> Assetwire
      </Link>
      <WorkspaceChoice />
      <nav aria-label={words.shell.places}>
        {groups.map((group) => {
          const open = places.filter((place) => place.group === group && mayGo(caller, place));
          if (open.length === 0) return null;
          return (
            <div key={group} className="nav-group" role="group" aria-label={words.shell.groups[group]}>
              {group === 'home' || group === 'rest' ? null : <p aria-hidden>{words.shell.groups[group]}</p>}
              {open.map(({ href, label, icon }) => (
                <Link
                  key={href}
                  href={href}
                  className="nav-link"
                  aria-current={(href === '/' ? location === '/' : location.startsWith(href)) ? 'page' : undefined}
                >
                  {icon} {label}
                </Link>
              ))}
            </div>
          );
        })}
      </nav>
      <div className="side-foot">
        <a className="nav-link" href="/docs">
          <IconExternalLink size={iconPx} aria-hidden /> {words.places.docs}
        </a>
        <Readiness />
        <Who />
      </div>
    </aside>
  );
}

/** Which workspace this tab looks at, for those who may look at several. */
function WorkspaceChoice() {
  const admin = useIsAdmin();
  const may = useMay('settings:read');
  const { data: caller } = useCaller();
  const { data: workspaces } = useAll<Workspace>(admin && may ? '/v1/workspaces' : null);
  if (workspaces === undefined || workspaces.length < 2) return null;
  const present = chosenWorkspace() ?? caller?.workspaceId ?? '';
  const choose = (id: string) => {
    const address = new URL(location.href);
    address.pathname = '/';
    address.search = '';
    address.searchParams.set('workspace', id);
    // Everything that is shown belongs to the workspace before: begin anew.
    location.assign(address);
  };
  return (
    <select
      className="input"
      aria-label={words.shell.workspace}
      value={present}
      onChange={(event) => choose(event.target.value)}
      style={{ marginBottom: 8 }}
    >
      {workspaces.map(({ id, name, parent }) => (
        <option key={id} value={id}>
          {parent === undefined ? name : `${parent} / ${name}`}
        </option>
      ))}
    </select>
  );
}

/** Whether the server takes writes and delivers, asked every ten seconds. */
function Readiness() {
  const [state, setState] = useState<'live' | 'lost' | 'unready' | 'filesAway'>('live');
  useEffect(() => {
    let ended = false;
    const look = async () => {
      const found = await fetch('/readyz')
        .then(async (response) => (response.ok ? whatElse((await response.json()) as Readied) : ('unready' as const)))
        .catch(() => 'lost' as const);
      if (!ended) setState(found);
    };
    void look();
    const timer = window.setInterval(() => void look(), 10_000);
    return () => {
      ended = true;
      window.clearInterval(timer);
    };
  }, []);
  return (
    <span className="live" data-state={state === 'live' ? 'live' : 'lost'} style={{ padding: '0 8px' }} role="status">
      {words.shell.readiness[state]}
    </span>
  );
}

type Readied = { readonly checks?: readonly { readonly name: string; readonly ok: boolean }[] };

/** A server that is ready all the same, but cannot give or take files for the time being. */
function whatElse({ checks = [] }: Readied) {
  return checks.some(({ name, ok }) => name === 'files' && !ok) ? ('filesAway' as const) : ('live' as const);
}

function Who() {
  const { data: caller } = useCaller();
  return (
    <div className="row between" style={{ padding: '0 8px', flexWrap: 'nowrap' }}>
      <span className="cut quiet" title={caller?.actor.id}>
        {caller?.actor.name ?? caller?.actor.id ?? ''}
      </span>
      <Button
        small
        look="plain"
        label={words.shell.signOut}
        icon={<IconLogout size={16} aria-hidden />}
        onClick={signOut}
      />
    </div>
  );
}

const themeAfter: { readonly [theme in Theme]: Theme } = { system: 'light', light: 'dark', dark: 'system' };

function ThemeButton() {
  const theme = useTheme();
  const Icon = theme === 'system' ? IconDeviceDesktop : theme === 'light' ? IconSun : IconMoon;
  return (
    <Button
      look="plain"
      label={words.shell.theme[theme]}
      icon={<Icon size={17} aria-hidden />}
      onClick={() => setTheme(themeAfter[theme])}
    />
  );
}
