import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeProgram } from '../../src/cli/completion/describe-program.ts';
import { createFullProgram } from '../../src/cli/program.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { environmentName, otherVariables, settingRows } from '../../src/runtime/settings-table.ts';
import type { SettingRow } from '../../src/runtime/settings-table.ts';
import { allRoutes } from '../../src/api/testing/test-server.ts';
import { repositoryFiles } from './repository-files.ts';

/** Variables that tests read, not the server. */
const ofTests = /^ASSETWIRE_(?:TEST|CRASH)_/;

/** What documents speak of: settings, commands with their options, routes. */
export type Mentioned = {
  readonly settings: ReadonlySet<string>;
  /** Options by command, such as `webhooks create`; the program itself is the empty text. */
  readonly commands: ReadonlyMap<string, readonly string[]>;
  /** `POST /v1/changes`, parameters as `{name}`. */
  readonly routes: readonly string[];
};

/** Settings, commands, options and routes that documents name exist. */
export async function checkMentions(root: string): Promise<readonly string[]> {
  const mentioned: Mentioned = {
    settings: new Set([...settingNames(settingRows), ...Object.keys(otherVariables)]),
    commands: await commandOptions(root),
    routes: allRoutes().map(({ method, path }) => `${method} ${path}`),
  };
  return repositoryFiles(root)
    .filter((file) => file.endsWith('.md') && existsSync(join(root, file)))
    .flatMap((file) => mentionProblems(file, readFileSync(join(root, file), 'utf8'), mentioned));
}

async function commandOptions(root: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const output = { write: () => undefined, isTty: false, columns: 100, colour: false };
  const never = async (): Promise<never> => {
    throw new Error('Nothing is run here');
  };
  const program = await createFullProgram({
    version: '0.1.0',
    environment: {},
    clock: systemClock,
    stdout: output,
    stderr: output,
    server: { start: never, checkStore: never },
    programDirectory: root,
  });
  return new Map(
    describeProgram(program).map(({ words, options }) => [words.join(' '), options.flatMap(({ flags }) => flags)]),
  );
}

function settingNames(rows: readonly SettingRow[]): readonly string[] {
  return rows.flatMap((row) => {
    const name = environmentName(row.name);
    return row.secret === true ? [name, `${name}_FILE`] : [name];
  });
}

/** What one document names that does not exist. */
export function mentionProblems(file: string, markdown: string, mentioned: Mentioned): readonly string[] {
  const problems: string[] = [];
  for (const [name] of markdown.matchAll(/\bASSETWIRE_[A-Z][A-Z_]*[A-Z]\b/g)) {
    if (!mentioned.settings.has(name) && !ofTests.test(name)) {
      problems.push(`${file}: there is no setting ${name}`);
    }
  }
  for (const code of codeOf(markdown)) {
    problems.push(...commandProblems(code, mentioned.commands).map((problem) => `${file}: ${problem}`));
    for (const [, method = '', path = ''] of code.matchAll(/\b(GET|POST|PUT|PATCH|DELETE) (\/v1\/[\w/{}:.…-]*)/g)) {
      if (!mentioned.routes.some((route) => fitsRoute(`${method} ${path}`, route))) {
        problems.push(`${file}: there is no route ${method} ${path}`);
      }
    }
  }
  return [...new Set(problems)];
}

/** Code spans and blocks that may hold commands, a line each; drawn help texts are left to those who draw them. */
function codeOf(markdown: string): readonly string[] {
  const written = markdown.replaceAll(/<!-- drawn: [^]*?<!-- end: .*? -->/g, '');
  const blocks = [...written.matchAll(/^ *```(?:sh|bash|text)\n([^]*?)^ *```$/gm)].flatMap(([, code = '']) =>
    code.replaceAll('\\\n', ' ').split('\n'),
  );
  const prose = written.replaceAll(/^ *```[^]*?^ *```$/gm, '');
  return [...blocks, ...[...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)];
}

function commandProblems(code: string, commands: Mentioned['commands']): readonly string[] {
  const named = /(?<![\w/@.-])assetwire(?: --)? ([a-z][a-z-]*)([^|;&)#]*)/g;
  return [...code.matchAll(named)].flatMap(([, word = '', rest = '']) => {
    if (!commands.has(word)) return [`there is no command assetwire ${word}`];
    const [next = ''] = rest.trim().split(/\s+/);
    const full = commands.has(`${word} ${next}`) ? `${word} ${next}` : word;
    const leads = [...commands.keys()].some((command) => command.startsWith(`${word} `));
    if (full === word && leads && /^[a-z][a-z-]*$/.test(next)) return [`there is no command assetwire ${word} ${next}`];
    const options = commands.get(full) ?? [];
    return [...rest.matchAll(/(?<=\s)(--[a-z][a-z-]*)/g)]
      .map(([, option = '']) => option)
      .filter((option) => !options.includes(option))
      .map((option) => `assetwire ${full} has no option ${option}`);
  });
}

/** `POST /v1/webhooks/wh_…/test` and `/v1/assets/external:ID` are written for `{id}` and `{reference}`. */
function fitsRoute(written: string, route: string): boolean {
  const wanted = route.split('/');
  const given = written.replace(/[.:-]+$/, '').split('/');
  return wanted.length === given.length && wanted.every((part, index) => part.startsWith('{') || part === given[index]);
}
