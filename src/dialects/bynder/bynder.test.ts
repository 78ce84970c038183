import { describeDialect } from '../testing/conformance.ts';
import { bynderDialect } from './index.ts';

describeDialect({
  dialect: bynderDialect,
  folder: import.meta.dirname,
  notReserialised: 'An SNS envelope has a layout of its own: two blanks before each field, one around each colon',
});
