import type { Key, SignInLink } from '../api/people.ts';
import { useChange } from '../api/queries.ts';
import { Button } from '../parts/button.tsx';
import { Facts } from '../parts/card.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { FormFailure } from '../parts/form-failure.tsx';
import { Notice } from '../parts/state.tsx';
import { Ago, Moment } from '../parts/time.tsx';
import { words } from '../words/words.ts';
import { Scopes, ShownOnce } from './settings-parts.tsx';

/** A link that lets somebody without an account in, as this key: what it is for, then the link itself, once. */
export function KeySignInLink({ of: key, onClose }: { readonly of: Key; readonly onClose: () => void }) {
  const make = useChange<SignInLink>(['/v1/audit'], { quiet: true });
  const link = make.data;
  return (
    <Dialog
      title={words.settings.signInLink.title}
      onClose={onClose}
      onSubmit={() =>
        link === undefined ? make.mutate({ method: 'POST', path: `/v1/keys/${key.id}/sign-in-link` }) : onClose()
      }
      footer={
        link === undefined ? (
          <>
            <Button onClick={onClose}>{words.common.cancel}</Button>
            <Button type="submit" look="primary" busy={make.isPending}>
              {words.settings.signInLink.make}
            </Button>
          </>
        ) : (
          <Button type="submit" look="primary">
            {words.common.done}
          </Button>
        )
      }
    >
      {make.error === null ? null : <FormFailure error={make.error} />}
      {link === undefined ? (
        <>
          <p>{words.settings.signInLink.lead}</p>
          {key.admin ? <Notice tone="bad">{words.settings.signInLink.admin}</Notice> : null}
          <Facts
            of={[
              [words.common.name, key.name],
              [words.settings.signInLink.may, key.admin ? undefined : <Scopes key="may" of={key.scopes} />],
            ]}
          />
        </>
      ) : (
        <>
          <ShownOnce text={link.url} name={words.settings.signInLink.of(key.name)}>
            {words.settings.signInLink.once}
          </ShownOnce>
          <p>
            {words.settings.signInLink.until} <Moment atMs={link.expiresAtMs} /> (<Ago atMs={link.expiresAtMs} />
            ).
          </p>
          <p className="quiet">
            {words.settings.signInLink.session} {words.settings.signInLink.here}
          </p>
        </>
      )}
    </Dialog>
  );
}
