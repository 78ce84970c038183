/** The program as data: what the completion scripts are written from. */
import type { Command } from 'commander';

export type DescribedCommand = {
  /** The words that lead to it: none for the program itself, `['webhooks', 'create']`. */
  readonly words: readonly string[];
  readonly summary: string;
  readonly commands: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly DescribedOption[];
  /** What its first argument may be; files where nothing is known of it and its name says so. */
  readonly argument: Completed;
};

export type DescribedOption = {
  readonly flags: readonly string[];
  readonly summary: string;
  /** Null: it takes no value. */
  readonly value: Completed | null;
};

/** How a value is completed: by one of a few words, by file names, or not at all. */
export type Completed =
  | { readonly kind: 'choices'; readonly choices: readonly string[] }
  | { readonly kind: 'files' | 'none' };

const fileWords = /^(file|files|path|paths|directory)$/;

/** Every command, the program itself first. */
export function describeProgram(program: Command, words: readonly string[] = []): readonly DescribedCommand[] {
  const [argument] = program.registeredArguments;
  const described: DescribedCommand = {
    words,
    summary: program.description(),
    commands: program.commands.map((command) => ({ name: command.name(), summary: command.description() })),
    options: [
      ...program.options
        .filter(({ hidden }) => !hidden)
        .map((option) => ({
          flags: [option.short, option.long].filter((flag) => flag !== undefined),
          summary: option.description,
          value: option.required || option.optional ? completedOf(option.flags, option.argChoices) : null,
        })),
      { flags: ['-h', '--help'], summary: 'display help', value: null },
    ],
    argument: argument === undefined ? { kind: 'none' } : completedOf(argument.name(), argument.argChoices),
  };
  return [described, ...program.commands.flatMap((command) => describeProgram(command, [...words, command.name()]))];
}

function completedOf(name: string, choices: readonly string[] | undefined): Completed {
  if (choices !== undefined) return { kind: 'choices', choices };
  const word = /[<[]([a-z]+)/.exec(name)?.[1] ?? name;
  return { kind: fileWords.test(word) ? 'files' : 'none' };
}
