import { describeDialect } from '../testing/conformance.ts';
import { woodwingDialect } from './index.ts';

describeDialect({
  dialect: woodwingDialect,
  folder: import.meta.dirname,
  settings: { metadataToReturn: ['filename', 'folderPath', 'status'] },
  secrets: ['8/+6zgwqUERB1q1oS3Xhxw=='],
});
