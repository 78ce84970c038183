import { useCaller } from '../api/queries.ts';
import { CheckField } from '../parts/field.tsx';
import { words } from '../words/words.ts';

/** What may be allowed, grouped by what it is about, each told in a sentence. Without `onChange`: to be read only. */
export function ScopeMatrix({
  chosen,
  onChange,
}: {
  readonly chosen: readonly string[];
  readonly onChange?: (scopes: readonly string[]) => void;
}) {
  const { data: caller } = useCaller();
  const mine = (scope: string) => caller === undefined || caller.admin || caller.scopes.includes(scope);
  const toggle = (scope: string, on: boolean) => {
    // Who may change a thing hardly ever may not see it: the other way round is one click away.
    const added = on ? [scope, scope.replace(/:write$/, ':read')] : [];
    const kept = chosen.filter((each) => each !== scope);
    onChange?.([...new Set([...kept, ...added])]);
  };
  return (
    <div className="scope-matrix">
      {words.scopes.areas.map(({ title, scopes }) => (
        <fieldset key={title}>
          <legend>{title}</legend>
          {scopes.map(([scope, verb, sentence]) => {
            const locked = onChange === undefined || (!mine(scope) && !chosen.includes(scope));
            return (
              <CheckField
                key={scope}
                label={
                  <>
                    {verb} <span className="quiet mono scope">{scope}</span>
                  </>
                }
                hint={onChange !== undefined && !mine(scope) ? `${sentence} ${words.scopes.notYours}` : sentence}
                checked={chosen.includes(scope)}
                disabled={locked}
                onChange={(on) => toggle(scope, on)}
              />
            );
          })}
        </fieldset>
      ))}
    </div>
  );
}
