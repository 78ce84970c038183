import { useAsk } from '../api/queries.ts';
import type { JsonObject } from '../api/json.ts';
import type { Target } from '../api/webhooks.ts';
import { Card } from '../parts/card.tsx';
import { Code } from '../parts/code.tsx';
import { useSettled } from '../parts/settled.ts';
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
  const where = useSettled(targetOf(target), 400);
  const setup = useAsk<{ readonly steps: readonly Step[] }>(
    looksWhole(where) ? `/v1/dialects/${dialect}/setup` : null,
    {
      target: where,
    },
  );
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

/** What is still being typed is not asked about: the server would refuse it. */
function looksWhole(target: string): boolean {
  if (/^arn:aws[\w-]*:sqs:[\w-]+:\d{12}:[\w-]+$/.test(target)) return true;
  if (/^[^@\s/:]+@[^@\s/:]+\.[^@\s/:]+$/.test(target)) return true;
  return /^https?:\/\/[^/]+\//.test(`${target}/`) && URL.canParse(target);
}
