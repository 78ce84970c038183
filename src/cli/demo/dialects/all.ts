import type { DemoDialect } from '../demo-dialect.ts';
import { brandfolderDemo } from './brandfolder.ts';
import { scaleflexDemo } from './scaleflex.ts';
import { bynderDemos } from './bynder.ts';
import { bambuserDemo } from './bambuser.ts';
import { standardDemo } from './standard.ts';
import { woodwingDemo } from './woodwing.ts';

/** Dialects that the demo knows more of than their manifest says. */
export const demoDialects: readonly DemoDialect[] = [
  bambuserDemo,
  standardDemo,
  woodwingDemo,
  brandfolderDemo,
  scaleflexDemo,
  ...bynderDemos,
];
