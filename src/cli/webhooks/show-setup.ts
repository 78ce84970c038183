/** What a receiver's side has to set up, as people read it. */
import type { WebhookView } from '../../app/app.ts';
import type { CliContext } from '../context.ts';
import { escapeControls } from '../../runtime/log-human.ts';
import { coloursOf } from '../output.ts';

type Steps = NonNullable<WebhookView['setup']>;

export function showSetup(steps: Steps, { stdout }: Pick<CliContext, 'stdout'>): void {
  const colours = coloursOf(stdout);
  for (const [index, { title, text, document, notes = [] }] of steps.entries()) {
    stdout.write(`\n${index + 1}. ${colours.bold(escapeControls(title))}\n   ${escapeControls(text)}\n`);
    if (document === undefined) continue;
    const lines = JSON.stringify(document, null, 2).split('\n');
    stdout.write(`\n${lines.map((line) => `   ${escapeControls(line)}`).join('\n')}\n\n`);
    for (const note of notes)
      stdout.write(colours.dim(`   ${escapeControls(`${note.at.split('/').at(-1)}: ${note.text}`)}\n`));
  }
}
