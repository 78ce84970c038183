import { describeDialect } from '../testing/conformance.ts';
import { scaleflexDialect } from './index.ts';

describeDialect({ dialect: scaleflexDialect, folder: import.meta.dirname });
