import { IconDownload, IconSignature } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useChange, useMay } from '../api/queries.ts';
import type { Delivery, SignedRequest } from '../api/deliveries.ts';
import { Button } from '../parts/button.tsx';
import { Card } from '../parts/card.tsx';
import { Code } from '../parts/code.tsx';
import { Moment } from '../parts/time.tsx';
import { words } from '../words/words.ts';

/** The last attempt as a command: as it was, and, for those who may send, signed afresh. */
export function Curl({ delivery }: { readonly delivery: Delivery }) {
  const may = useMay('deliveries:write');
  const [signed, setSigned] = useState<SignedRequest | null>(null);
  const sign = useChange<SignedRequest>([], { onDone: setSigned });
  if (delivery.curl === null) return null;
  return (
    <Card
      title={words.deliveries.curl}
      actions={
        may ? (
          <Button
            small
            icon={<IconSignature size={15} aria-hidden />}
            busy={sign.isPending}
            onClick={() => sign.mutate({ method: 'POST', path: `/v1/deliveries/${delivery.id}/sign` })}
          >
            {signed === null ? words.deliveries.sign : words.deliveries.signAgain}
          </Button>
        ) : null
      }
    >
      {signed?.command == null ? (
        <div className="stack tight">
          <p className="quiet">{words.deliveries.curlLead}</p>
          <Code text={delivery.curl} name={words.deliveries.curl} />
        </div>
      ) : (
        <Signed of={signed} command={signed.command} />
      )}
    </Card>
  );
}

function Signed({
  of: { signedAtMs, masked, bodyBase64 },
  command,
}: {
  readonly of: SignedRequest;
  readonly command: string;
}) {
  return (
    <div className="stack tight">
      <p className="quiet" role="status">
        <strong>{words.deliveries.signed}</strong> <Moment atMs={signedAtMs} />. {words.deliveries.signedLead}
      </p>
      {masked.length === 0 ? null : <p className="quiet">{words.deliveries.masked(masked.join(', '))}</p>}
      {command.endsWith('@body') ? <BodyFile base64={bodyBase64} /> : null}
      <Code text={command} name={words.deliveries.curl} />
    </div>
  );
}

/** What does not fit into a command, as the file that it reads. */
function BodyFile({ base64 }: { readonly base64: string }) {
  const [url, setUrl] = useState('');
  useEffect(() => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const made = URL.createObjectURL(new Blob([bytes]));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [base64]);
  return (
    <p className="row between">
      <span className="quiet">{words.deliveries.bodyInFile}</span>
      <a className="button small" href={url} download="body">
        <IconDownload size={15} aria-hidden /> {words.deliveries.bodyFile}
      </a>
    </p>
  );
}
