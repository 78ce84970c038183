import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { useCaller } from '../api/queries.ts';
import { maySee, type SettingPart, settingParts } from '../app/setting-parts.ts';
import { Page } from '../parts/card.tsx';
import { useCurrentInSight } from '../parts/current-in-sight.ts';
import { words } from '../words/words.ts';
import { Account } from './settings-account.tsx';
import { AuditLog } from './settings-audit.tsx';
import { Fields } from './settings-fields.tsx';
import { Keys } from './settings-keys.tsx';
import { Libraries } from './settings-libraries.tsx';
import { Properties } from './settings-properties.tsx';
import { Roles } from './settings-roles.tsx';
import { Server } from './settings-server.tsx';
import { SigningKeys } from './settings-signing-keys.tsx';
import { SpaceTaken } from './settings-space.tsx';
import { Transports } from './settings-transports.tsx';
import { Users } from './settings-users.tsx';
import { WorkspaceSettings } from './settings-workspace.tsx';

const shownBy: { readonly [id in SettingPart['id']]: () => ReactNode } = {
  workspace: WorkspaceSettings,
  fields: Fields,
  libraries: Libraries,
  keys: Keys,
  users: Users,
  roles: Roles,
  properties: Properties,
  'signing-keys': SigningKeys,
  transports: Transports,
  space: SpaceTaken,
  audit: AuditLog,
  server: Server,
  account: Account,
};

export function Settings({ part }: { readonly part: string }) {
  const { data: caller } = useCaller();
  const open = settingParts.filter((one) => caller !== undefined && maySee(one, caller));
  const shown = open.find(({ id }) => id === part) ?? open[0];
  const Shown = shown === undefined ? undefined : shownBy[shown.id];
  const nav = useCurrentInSight(shown?.id);
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
