/** The parts of the settings and what one must be allowed for each; `admin` is who administrates the installation. */
export const settingParts = [
  { id: 'workspace', scope: 'settings:read' },
  { id: 'fields', scope: 'assets:read' },
  { id: 'libraries', scope: 'assets:read' },
  { id: 'keys', scope: 'keys:read' },
  { id: 'users', scope: 'keys:read' },
  { id: 'roles', scope: 'keys:read' },
  { id: 'properties', scope: 'settings:read' },
  { id: 'signing-keys', scope: 'settings:read' },
  { id: 'transports', scope: 'admin' },
  { id: 'space', scope: 'admin' },
  { id: 'audit', scope: 'settings:read' },
  { id: 'server', scope: 'settings:read' },
  { id: 'account', scope: 'anybody' },
] as const;

export type SettingPart = (typeof settingParts)[number];

/** Whether somebody sees a part of the settings. */
export function maySee(
  { scope }: SettingPart,
  { admin, scopes }: { readonly admin: boolean; readonly scopes: readonly string[] },
): boolean {
  return scope === 'anybody' || admin || (scope !== 'admin' && scopes.includes(scope));
}
