import { useState } from 'react';
import { useCaller, useChange } from '../api/queries.ts';
import { setSignedOut } from '../app/signed-out.ts';
import { Button } from '../parts/button.tsx';
import { Card, Facts } from '../parts/card.tsx';
import { TextField } from '../parts/field.tsx';
import { FormFailure } from '../parts/form-failure.tsx';
import { Badge } from '../parts/state.tsx';
import { tell } from '../parts/toast.tsx';
import { words } from '../words/words.ts';
import { SessionsList } from './sessions-list.tsx';
import { Scopes } from './settings-parts.tsx';

/** Oneself: who one is here, where one is signed in, and one's password. */
export function Account() {
  const { data: caller } = useCaller();
  if (caller === undefined) return null;
  const isPerson = caller.actor.id.startsWith('usr_');
  return (
    <>
      <Card title={words.account.who}>
        <Facts
          of={[
            [words.account.name, caller.actor.name ?? caller.actor.id],
            [words.account.workspace, caller.workspaceId],
            [
              words.account.may,
              caller.admin ? (
                <Badge key="admin" bare tone="info">
                  {words.account.admin}
                </Badge>
              ) : (
                <Scopes key="scopes" of={caller.scopes} />
              ),
            ],
          ]}
        />
        {isPerson ? null : <p className="quiet">{words.account.byKey}</p>}
      </Card>
      <SessionsList />
      {isPerson ? <ChangePassword /> : null}
    </>
  );
}

function ChangePassword() {
  const [present, setPresent] = useState('');
  const [next, setNext] = useState('');
  const save = useChange([], {
    quiet: true,
    onDone: () => {
      tell(words.settings.passwordDone);
      setSignedOut(true);
    },
  });
  return (
    <Card title={words.settings.password}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate({ method: 'POST', path: '/v1/sessions/current/password', body: { present, password: next } });
        }}
      >
        {save.error === null ? null : <FormFailure error={save.error} />}
        <TextField label={words.settings.passwordPresent} type="password" value={present} onChange={setPresent} />
        <TextField
          label={words.settings.passwordNew}
          hint={words.settings.passwordHint}
          type="password"
          value={next}
          onChange={setNext}
        />
        <div>
          <Button type="submit" look="primary" busy={save.isPending}>
            {words.common.save}
          </Button>
        </div>
      </form>
    </Card>
  );
}
