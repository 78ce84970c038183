import { useEffect, useRef } from 'react';
import { Link } from 'wouter';
import { useIsAdmin, useMay } from '../api/queries.ts';
import { Page } from '../parts/card.tsx';
import { words } from '../words/words.ts';
import { Account } from './settings-account.tsx';
import { AuditLog } from './settings-audit.tsx';
import { Fields } from './settings-fields.tsx';
import { Keys } from './settings-keys.tsx';
import { Properties } from './settings-properties.tsx';
import { Roles } from './settings-roles.tsx';
import { Server } from './settings-server.tsx';
import { SigningKeys } from './settings-signing-keys.tsx';
import { SpaceTaken } from './settings-space.tsx';
import { Transports } from './settings-transports.tsx';
import { Users } from './settings-users.tsx';
import { WorkspaceSettings } from './settings-workspace.tsx';

const parts = [
  { id: 'workspace', scope: 'settings:read', show: WorkspaceSettings },
  { id: 'fields', scope: 'assets:read', show: Fields },
  { id: 'keys', scope: 'keys:read', show: Keys },
  { id: 'users', scope: 'keys:read', show: Users },
  { id: 'roles', scope: 'keys:read', show: Roles },
  { id: 'properties', scope: 'settings:read', show: Properties },
  { id: 'signing-keys', scope: 'settings:read', show: SigningKeys },
  { id: 'transports', scope: 'admin', show: Transports },
  { id: 'space', scope: 'admin', show: SpaceTaken },
  { id: 'audit', scope: 'settings:read', show: AuditLog },
  { id: 'server', scope: 'settings:read', show: Server },
  { id: 'account', scope: 'anybody', show: Account },
] as const;

export function Settings({ part }: { readonly part: string }) {
  const may = {
    'settings:read': useMay('settings:read'),
    'assets:read': useMay('assets:read'),
    'keys:read': useMay('keys:read'),
    admin: useIsAdmin(),
    anybody: true,
  };
  const open = parts.filter(({ scope }) => may[scope]);
  const shown = open.find(({ id }) => id === part) ?? open[0];
  const Shown = shown?.show;
  const nav = useRef<HTMLElement>(null);
  // On a narrow screen the parts stand in a row that is longer than it: the open one is brought into sight.
  useEffect(() => {
    const link = nav.current?.querySelector<HTMLElement>('[aria-current=page]');
    if (link !== null && link !== undefined && nav.current !== null)
      nav.current.scrollLeft = link.offsetLeft - nav.current.offsetLeft - 40;
  }, [shown?.id]);
  return (
    <Page
      title={words.settings.title}
      name={shown === undefined ? words.settings.title : words.settings.parts[shown.id]}
    >
      <div className="settings-page">
        <nav aria-label={words.settings.title} ref={nav}>
          {open.map(({ id }) => (
            <Link
              key={id}
              href={`/settings/${id}`}
              className="nav-link"
              aria-current={id === shown?.id ? 'page' : undefined}
            >
              {words.settings.parts[id]}
            </Link>
          ))}
        </nav>
        <div className="stack">
          {shown === undefined ? null : <h2 className="part-title">{words.settings.parts[shown.id]}</h2>}
          {Shown === undefined ? <p className="quiet">{words.common.readOnly}</p> : <Shown />}
        </div>
      </div>
    </Page>
  );
}
