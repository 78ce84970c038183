/** What a subscription is about, in the vendor's own names. */
import { ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import { defaultLibrary, libraryKeyPattern } from '../../core/library.ts';
import type { ConfigurationSchema } from '../contract/manifest.ts';

export const resourceKeyName = 'resource_key';
export const resourceTypeName = 'resource_type';
export const organizationKeyName = 'organization_key';

/** Drawn as a form, checked by the app, documented from here. Every field is optional. */
export const configuration: ConfigurationSchema = {
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      [resourceKeyName]: {
        type: 'string',
        title: 'Brandfolder',
        description:
          'The Brandfolder subscribed to, by its key: a library of the workspace. Payloads carry it as brandfolder_key',
        pattern: libraryKeyPattern,
        default: defaultLibrary,
      },
      [resourceTypeName]: {
        type: 'string',
        title: 'Resource type',
        description: 'What is subscribed to; the vendor has one type',
        enum: ['brandfolder'],
        default: 'brandfolder',
      },
      [organizationKeyName]: {
        type: 'string',
        title: 'Organization',
        description:
          'What payloads carry as organization_key. Left out: the organization of the library, or else the id of the workspace',
        pattern: libraryKeyPattern,
      },
    },
  },
  secretFields: [],
  generated: [],
};

/** The key of the library that a webhook is about. */
export function resourceKeyOf(settings: JsonObject): string {
  const key = ownValue(settings, resourceKeyName);
  return typeof key === 'string' ? key : defaultLibrary;
}

export function organizationKeyOf(settings: JsonObject, workspaceId: string): string {
  const key = ownValue(settings, organizationKeyName);
  return typeof key === 'string' ? key : workspaceId;
}
