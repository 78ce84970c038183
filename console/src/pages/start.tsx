import { useMay } from '../api/queries.ts';
import { Page } from '../parts/card.tsx';
import { Notice } from '../parts/state.tsx';
import { words } from '../words/words.ts';
import { FirstSteps } from './first-steps.tsx';

/** The first minute, for whoever wants to see it again: an overview without a webhook begins with it. */
export function Start() {
  const may = useMay('webhooks:write');
  return (
    <Page title={words.start.title} lead={words.start.lead}>
      {may ? <FirstSteps /> : <Notice tone="warn">{words.common.readOnly}</Notice>}
    </Page>
  );
}
