import { describeDialect } from '../testing/conformance.ts';
import { bambuserDialect } from './index.ts';

describeDialect({ dialect: bambuserDialect, folder: import.meta.dirname });
