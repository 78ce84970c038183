/** Colours of a terminal, by what Node brings. Whether there is a terminal that has them is decided elsewhere. */
import { styleText } from 'node:util';

type Look = 'red' | 'yellow' | 'green' | 'cyan' | 'gray' | 'dim' | 'bold';

/** Each gives a text its look; all give it back as it is where `on` is false. */
export type Colours = Readonly<Record<Look, (text: string) => string>>;

export function createColours(on: boolean): Colours {
  const look = (name: Look) => (text: string) => (on ? styleText(name, text, { validateStream: false }) : text);
  return {
    red: look('red'),
    yellow: look('yellow'),
    green: look('green'),
    cyan: look('cyan'),
    gray: look('gray'),
    dim: look('dim'),
    bold: look('bold'),
  };
}
