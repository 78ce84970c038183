import { IconAlertTriangle } from '@tabler/icons-react';
import { useLayoutEffect, useRef, useState } from 'react';
import { Problem } from '../api/ask.ts';
import { words } from '../words/words.ts';
import { Failure } from './state.tsx';

/**
 * What the server refused of a form. Where its fields say it themselves, this says only that they do, and the first of them is
 * brought into sight: the button that was pressed may be far below it.
 */
export function FormFailure({ error }: { readonly error: unknown }) {
  const place = useRef<HTMLDivElement>(null);
  const [marked, setMarked] = useState(0);
  const told = error instanceof Problem ? new Set(error.problems.map(({ at }) => at)).size : 0;
  useLayoutEffect(() => {
    const element = place.current;
    if (element === null) return;
    const wrong = [...(element.closest('form, dialog, main')?.querySelectorAll('.wrong') ?? [])];
    setMarked(wrong.length);
    const [first] = wrong;
    const folded = first?.closest('details');
    if (folded) folded.open = true;
    const input = first?.closest('.field, fieldset')?.querySelector<HTMLElement>('input, select, textarea');
    input?.focus({ preventScroll: true });
    (input ?? first ?? element).scrollIntoView({ block: 'center' });
  }, [error]);
  return (
    <div ref={place}>
      {told > 0 && marked >= told ? (
        <div className="notice" data-tone="bad" role="alert">
          <IconAlertTriangle size={18} aria-hidden />
          <p className="grow">{words.common.fieldsWrong(marked)}</p>
        </div>
      ) : (
        <Failure error={error} />
      )}
    </div>
  );
}
