import { describeDialect } from '../testing/conformance.ts';
import { brandfolderDialect } from './index.ts';

describeDialect({ dialect: brandfolderDialect, folder: import.meta.dirname });
