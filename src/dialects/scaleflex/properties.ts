import { limits } from '../../core/limits.ts';
import type { PropertyDescription } from '../contract/manifest.ts';

/** "You can add up to 5, individually configured and activated, webhooks." */
export const webhooksMax = 5;
export const webhooksMaxName = 'webhooksMax';

export const properties: readonly PropertyDescription[] = [
  {
    name: webhooksMaxName,
    title: 'Webhooks',
    description: 'How many webhooks of this dialect the workspace may have; the vendor allows five',
    type: 'integer',
    min: 1,
    max: limits.webhooksPerWorkspaceMax,
    default: webhooksMax,
  },
];
