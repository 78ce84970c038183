/** Statements are written with `aw.` for the schema; here it gets its name. */
import { AssetwireError } from '../../core/errors.ts';

export type Sql = {
  readonly schema: string;
  /** The text with the schema's name in it; the same object each time, so that it is found among prepared statements. */
  of(text: string): string;
};

export function createSql(schema: string): Sql {
  if (!/^[a-z_][a-z0-9_]{0,40}$/.test(schema)) {
    throw new AssetwireError('invalid_settings', {
      detail: `The schema of the database must be named in lower-case letters, digits and "_": found ${JSON.stringify(schema)}`,
    });
  }
  const known = new Map<string, string>();
  return {
    schema,
    of(text) {
      let made = known.get(text);
      if (made === undefined) {
        made = text.replaceAll(/\baw\./g, `${schema}.`);
        known.set(text, made);
      }
      return made;
    },
  };
}
