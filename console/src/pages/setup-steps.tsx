import { useAsk } from '../api/queries.ts';
import type { JsonObject, Target } from '../api/types.ts';
import { Card } from '../parts/card.tsx';
import { Code } from '../parts/code.tsx';
import { words } from '../words/words.ts';
import { targetOf } from './webhook-parts.tsx';

type Step = {
  readonly title: string;
  readonly text: string;
  readonly document?: JsonObject;
  readonly notes?: readonly { readonly at: string; readonly text: string }[];
};

/** What the receiver's side has to set up before deliveries can arrive there, with what is to be copied. */
export function SetupSteps({ dialect, target }: { readonly dialect: string; readonly target: Target }) {
  const where = targetOf(target);
  const ready = where.length > 12;
  const setup = useAsk<{ readonly steps: readonly Step[] }>(ready ? `/v1/dialects/${dialect}/setup` : null, {
    target: where,
  });
  const steps = setup.data?.steps ?? [];
  if (steps.length === 0) return null;
  return (
    <Card title={words.setup.title}>
      <ol className="timeline">
        {steps.map(({ title, text, document, notes }) => (
          <li key={title}>
            <div className="stack tight">
              <strong>{title}</strong>
              <p>{text}</p>
              {document === undefined ? null : <Code text={JSON.stringify(document, null, 2)} name={title} json />}
              {notes === undefined || notes.length === 0 ? null : (
                <ul className="stack tight">
                  {notes.map((note) => (
                    <li key={note.at} style={{ padding: 0 }}>
                      <code>{note.at}</code> <span className="quiet">{note.text}</span>
                    </li>
                  ))}
                </ul>
              )}
            </div>
          </li>
        ))}
      </ol>
    </Card>
  );
}
