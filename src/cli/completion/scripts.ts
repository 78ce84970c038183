/** Completion scripts, each a table and a few lines that look words up in it: nothing is started at a press of Tab. */
import type { Completed, DescribedCommand } from './describe-program.ts';

export type Shell = 'bash' | 'zsh' | 'fish';

type Script = (commands: readonly DescribedCommand[]) => string;

export const scripts: { readonly [Name in Shell]: Script } = { bash, zsh, fish };

const install = (shell: Shell): string =>
  `# Completion of assetwire for ${shell}, made by: assetwire completion ${shell}\n`;

/** Single quotes for a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function nameOf({ words }: DescribedCommand): string {
  return words.join(' ');
}

/** How a value is completed, in a word that all scripts know: `files`, `none`, or the choices. */
function wordsOf(completed: Completed): string {
  return completed.kind === 'choices' ? completed.choices.join(' ') : `@${completed.kind}`;
}

function bash(commands: readonly DescribedCommand[]): string {
  const lines = commands.flatMap((command) => {
    const key = nameOf(command);
    const values = command.options.flatMap(({ flags, value }) =>
      value === null ? [] : flags.map((flag) => `    ${quoted(`${key}:${flag}`)}) words=${quoted(wordsOf(value))} ;;`),
    );
    return values;
  });
  const names = commands.map(
    (command) =>
      `    ${quoted(nameOf(command))}) ${[
        `commands=${quoted(command.commands.map(({ name }) => name).join(' '))}`,
        `options=${quoted(command.options.flatMap(({ flags }) => flags).join(' '))}`,
        `argument=${quoted(wordsOf(command.argument))}`,
      ].join(' ')} ;;`,
  );
  return `${install('bash')}
__assetwire_command() {
  commands='' options='' argument='@none'
  case "$1" in
${names.join('\n')}
    *) return 1 ;;
  esac
}

__assetwire_value() {
  words=''
  case "$1" in
${lines.join('\n')}
    *) return 1 ;;
  esac
}

__assetwire_offer() {
  case "$1" in
    @none) ;;
    @files) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2") ;;
  esac
}

_assetwire() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD - 1]}"
  local key='' commands options argument words index word
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index += 1)); do
    word="\${COMP_WORDS[index]}"
    [[ $word == -* ]] && continue
    __assetwire_command "\${key:+$key }$word" && key="\${key:+$key }$word"
  done
  __assetwire_command "$key" || return
  if [[ $before == -* ]] && __assetwire_value "$key:$before"; then
    __assetwire_offer "$words" "$current"
  elif [[ $current == -* ]]; then
    __assetwire_offer "$options" "$current"
  elif [[ -n $commands ]]; then
    __assetwire_offer "$commands" "$current"
  else
    __assetwire_offer "$argument" "$current"
  fi
}

complete -F _assetwire assetwire
`;
}

/** For zsh's \`_describe\`: a colon ends the name. */
function described(name: string, summary: string): string {
  return quoted(`${name.replaceAll(':', '\\:')}:${summary.replaceAll('\n', ' ')}`);
}

function zsh(commands: readonly DescribedCommand[]): string {
  const cases = commands.map((command) => {
    const subcommands = command.commands.map(({ name, summary }) => described(name, summary)).join(' ');
    const options = command.options
      .flatMap(({ flags, summary }) => flags.map((flag) => described(flag, summary)))
      .join(' ');
    return `    ${quoted(nameOf(command))}) commands=(${subcommands}) options=(${options}) argument=${quoted(wordsOf(command.argument))} ;;`;
  });
  const values = commands.flatMap((command) =>
    command.options.flatMap(({ flags, value }) =>
      value === null
        ? []
        : flags.map((flag) => `    ${quoted(`${nameOf(command)}:${flag}`)}) value=${quoted(wordsOf(value))} ;;`),
    ),
  );
  return `#compdef assetwire
${install('zsh')}
__assetwire_command() {
  commands=() options=() argument='@none'
  case "$1" in
${cases.join('\n')}
    *) return 1 ;;
  esac
}

__assetwire_value() {
  value=''
  case "$1" in
${values.join('\n')}
    *) return 1 ;;
  esac
}

__assetwire_offer() {
  case "$1" in
    @none) _message 'a value' ;;
    @files) _files ;;
    *) compadd -- \${=1} ;;
  esac
}

_assetwire() {
  local key='' word value argument
  local -a commands options
  for word in "\${(@)words[2,CURRENT-1]}"; do
    [[ $word == -* ]] && continue
    __assetwire_command "\${key:+$key }$word" && key="\${key:+$key }$word"
  done
  __assetwire_command "$key" || return 1
  if [[ \${words[CURRENT-1]} == -* ]] && __assetwire_value "$key:\${words[CURRENT-1]}"; then
    __assetwire_offer "$value"
  elif [[ \${words[CURRENT]} == -* ]]; then
    _describe 'option' options
  elif (( \${#commands} )); then
    _describe 'command' commands
  else
    __assetwire_offer "$argument"
  fi
}

if [[ \${funcstack[1]} == _assetwire ]]; then
  _assetwire "$@"
else
  compdef _assetwire assetwire
fi
`;
}

function fish(commands: readonly DescribedCommand[]): string {
  const lines = commands.flatMap((command) => {
    const here = `__assetwire_at ${fishQuoted(nameOf(command))}`;
    const start = `complete -c assetwire -n ${fishQuoted(here)}`;
    return [
      ...command.commands.map(({ name, summary }) => `${start} -f -a ${fishQuoted(name)} -d ${fishQuoted(summary)}`),
      ...command.options.map(({ flags, summary, value }) => {
        const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
        return `${start} ${names.join(' ')} ${fishValue(value)}-d ${fishQuoted(summary)}`;
      }),
      command.argument.kind === 'files'
        ? `${start} -F`
        : `${start} -f${command.argument.kind === 'choices' ? ` -a ${fishQuoted(command.argument.choices.join(' '))}` : ''}`,
    ];
  });
  const names = commands.map((command) => fishQuoted(nameOf(command))).join(' ');
  return `${install('fish')}
set -g __assetwire_commands ${names}

function __assetwire_at
  set -l key ''
  for word in (commandline -opc)[2..]
    string match -q -- '-*' $word; and continue
    set -l longer (string trim -- "$key $word")
    contains -- $longer $__assetwire_commands; and set key $longer
  end
  test "$key" = "$argv[1]"
end

complete -c assetwire -e
${lines.join('\n')}
`;
}

function fishValue(value: Completed | null): string {
  if (value === null) return '';
  if (value.kind === 'files') return '-r -F ';
  return value.kind === 'choices' ? `-x -a ${fishQuoted(value.choices.join(' '))} ` : '-x ';
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
