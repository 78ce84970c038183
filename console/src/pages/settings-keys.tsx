import { IconLink, IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { Problem } from '../api/ask.ts';
import { useCaller, useChange, useIsAdmin, useList, useMay } from '../api/queries.ts';
import type { Caller, Key } from '../api/people.ts';
import { Button } from '../parts/button.tsx';
import { Card } from '../parts/card.tsx';
import { Confirm, Dialog } from '../parts/dialog.tsx';
import { CheckField, problemAt, TextField } from '../parts/field.tsx';
import { FormFailure } from '../parts/form-failure.tsx';
import { Badge, Failure, Loading } from '../parts/state.tsx';
import { Heard, Table } from '../parts/table.tsx';
import { Ago, useNow } from '../parts/time.tsx';
import { words } from '../words/words.ts';
import { KeySignInLink } from './key-sign-in-link.tsx';
import { ScopeMatrix } from './scope-matrix.tsx';
import { PartHead, Scopes, ShownOnce } from './settings-parts.tsx';

export function Keys() {
  const list = useList<Key>('/v1/keys');
  const may = useMay('keys:write');
  const { data: caller } = useCaller();
  const now = useNow();
  const [open, setOpen] = useState<'new' | { readonly key: Key; readonly act: 'revoke' | 'link' } | null>(null);
  const revoke = useChange(['/v1/keys'], { onDone: () => setOpen(null) });
  return (
    <>
      <PartHead
        lead={words.settings.keysLead}
        action={
          may ? (
            <Button look="primary" icon={<IconPlus size={16} aria-hidden />} onClick={() => setOpen('new')}>
              {words.settings.newKey}
            </Button>
          ) : null
        }
      />
      {list.error === null ? null : <Failure error={list.error} />}
      {list.items === undefined ? (
        <Loading />
      ) : (
        <Card flush>
          <Table
            label={words.settings.parts.keys}
            items={list.items}
            idOf={({ id }) => id}
            more={{ has: list.hasNextPage, busy: list.isFetchingNextPage, fetch: () => void list.fetchNextPage() }}
            columns={[
              {
                name: words.common.name,
                cell: ({ name, prefix, admin }) => (
                  <>
                    {name} {admin ? <Badge tone="info">{words.settings.adminKey}</Badge> : null}
                    <span className="quiet mono cut">{prefix}…</span>
                  </>
                ),
              },
              {
                name: words.settings.scopes,
                cell: ({ scopes: held }) => <Scopes of={held} />,
              },
              {
                name: words.settings.lastUsed,
                kind: 'fit',
                wide: true,
                cell: ({ lastUsedAtMs }) =>
                  lastUsedAtMs === null ? (
                    <span className="quiet">{words.settings.notUsed}</span>
                  ) : (
                    <Ago atMs={lastUsedAtMs} />
                  ),
              },
              {
                name: words.settings.expires,
                kind: 'fit',
                wide: true,
                cell: ({ expiresAtMs }) =>
                  expiresAtMs === null ? (
                    <span className="quiet">{words.settings.never}</span>
                  ) : (
                    <Ago atMs={expiresAtMs} />
                  ),
              },
              {
                name: <Heard>{words.common.actions}</Heard>,
                kind: 'fit',
                cell: (key) =>
                  key.revokedAtMs !== null ? (
                    <Badge tone="bad">{words.settings.revoked}</Badge>
                  ) : may ? (
                    <span className="cell-actions">
                      {isGood(key, now) && isWithin(caller, key) ? (
                        <Button
                          small
                          label={words.settings.signInLink.of(key.name)}
                          icon={<IconLink size={15} aria-hidden />}
                          onClick={() => setOpen({ key, act: 'link' })}
                        >
                          <span className="wide-only">{words.settings.signInLink.button}</span>
                        </Button>
                      ) : null}
                      <Button small look="danger" onClick={() => setOpen({ key, act: 'revoke' })}>
                        {words.settings.revoke}
                      </Button>
                    </span>
                  ) : null,
              },
            ]}
          />
        </Card>
      )}
      {open === 'new' ? <NewKey onClose={() => setOpen(null)} /> : null}
      {open !== null && open !== 'new' && open.act === 'link' ? (
        <KeySignInLink of={open.key} onClose={() => setOpen(null)} />
      ) : null}
      {open !== null && open !== 'new' && open.act === 'revoke' ? (
        <Confirm
          title={words.settings.revokeTitle}
          action={words.settings.revoke}
          busy={revoke.isPending}
          onClose={() => setOpen(null)}
          onConfirm={() => revoke.mutate({ method: 'DELETE', path: `/v1/keys/${open.key.id}` })}
        >
          <p>
            <strong>{open.key.name}</strong>: {words.settings.revokeLead}
          </p>
        </Confirm>
      ) : null}
    </>
  );
}

function isGood({ revokedAtMs, expiresAtMs }: Key, nowMs: number): boolean {
  return revokedAtMs === null && (expiresAtMs === null || expiresAtMs > nowMs);
}

/** Whether the key may do nothing that the caller may not: nobody lets others do more. */
function isWithin(caller: Caller | undefined, { admin, scopes }: Key): boolean {
  if (caller === undefined) return false;
  return admin ? caller.admin : scopes.every((scope) => caller.scopes.includes(scope));
}

function NewKey({ onClose }: { readonly onClose: () => void }) {
  const admin = useIsAdmin();
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<readonly string[]>(['assets:read']);
  const [until, setUntil] = useState('');
  const [isAdmin, setIsAdmin] = useState(false);
  const make = useChange<Key>(['/v1/keys'], { quiet: true });
  const problems = make.error instanceof Problem ? make.error.problems : [];
  const made = make.data?.key;
  return (
    <Dialog
      wide
      title={words.settings.newKey}
      onClose={onClose}
      onSubmit={() =>
        made === undefined
          ? make.mutate({
              method: 'POST',
              path: '/v1/keys',
              body: {
                name,
                scopes: chosen,
                ...(until === '' ? {} : { expiresAtMs: new Date(until).getTime() }),
                ...(isAdmin ? { admin: true } : {}),
              },
            })
          : onClose()
      }
      footer={
        <Button type="submit" look="primary" busy={make.isPending}>
          {made === undefined ? words.common.create : words.common.done}
        </Button>
      }
    >
      {make.error === null ? null : <FormFailure error={make.error} />}
      {made === undefined ? (
        <>
          <TextField
            label={words.common.name}
            autoFocus
            problem={problemAt(problems, '/name')}
            value={name}
            onChange={setName}
          />
          <ScopeMatrix chosen={chosen} onChange={setChosen} />
          <TextField
            label={words.settings.expires}
            type="datetime-local"
            problem={problemAt(problems, '/expiresAtMs')}
            value={until}
            onChange={setUntil}
          />
          {admin ? <CheckField label={words.settings.adminKey} checked={isAdmin} onChange={setIsAdmin} /> : null}
        </>
      ) : (
        <ShownOnce text={made} name={words.settings.newKey}>
          {words.settings.keyOnce}
        </ShownOnce>
      )}
    </Dialog>
  );
}
