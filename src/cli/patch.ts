/** What `update` commands send: only what options say, and never nothing. */
import { CommandError } from './error-report.ts';
import { exitCodes } from './exit-codes.ts';

/** Options of what has a name and can be disabled. */
export type SwitchOptions = { readonly name?: string; readonly disable?: boolean; readonly enable?: boolean };

export type SwitchPatch = { readonly name?: string; readonly disabled?: boolean };

export function switchPatch({ name, disable, enable }: SwitchOptions): SwitchPatch {
  return {
    ...(name === undefined ? {} : { name }),
    ...(disable === true ? { disabled: true } : {}),
    ...(enable === true ? { disabled: false } : {}),
  };
}

/** Throws a usage error where no option says what to change; `verb` begins its sentence. */
export function refuseEmptyPatch(patch: object, verb: 'Update' | 'Edit' = 'Update'): void {
  if (Object.keys(patch).length > 0) return;
  throw new CommandError(
    `${verb} must change something: no option says what`,
    'Add --help for what can be changed',
    exitCodes.usage,
  );
}
