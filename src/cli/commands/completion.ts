/** `assetwire completion`: a script for the shell that knows every command, option and choice. */
import type { Command } from 'commander';
import { Argument } from 'commander';
import { scripts } from '../completion/scripts.ts';
import type { Shell } from '../completion/scripts.ts';
import { describeProgram } from '../completion/describe-program.ts';
import { withExamples } from '../connection-options.ts';
import type { CliContext } from '../context.ts';

export function define(command: Command, context: CliContext, whole: () => Promise<Command>): void {
  command.addArgument(new Argument('<shell>').choices(Object.keys(scripts))).action(async (shell: Shell) => {
    context.stdout.write(scripts[shell](describeProgram(await whole())));
  });
  withExamples(command, ['assetwire completion bash', 'assetwire completion zsh', 'assetwire completion fish']);
  command.addHelpText(
    'after',
    `
To have it in every shell:
  bash  assetwire completion bash > ~/.local/share/bash-completion/completions/assetwire
  zsh   assetwire completion zsh > "\${fpath[1]}/_assetwire"
  fish  assetwire completion fish > ~/.config/fish/completions/assetwire.fish`,
  );
}
