/** Definitions of custom metadata, rules for embedded fields, and the work on many assets that follows from them. */
import type { Json } from './json.ts';

export type MetadataOption = {
  readonly value: string;
  readonly label?: string;
  readonly labels?: { readonly [language: string]: string };
};

export type MetadataValidation = {
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly format?: 'url' | 'email';
  readonly minimum?: number;
  readonly maximum?: number;
  readonly whole?: boolean;
  readonly earliest?: string;
  readonly latest?: string;
  readonly itemsMin?: number;
  readonly itemsMax?: number;
};

export type MetadataField = {
  readonly name: string;
  readonly type: 'text' | 'number' | 'date' | 'boolean' | 'select' | 'multiselect';
  readonly label: string;
  readonly labels?: { readonly [language: string]: string };
  readonly description?: string;
  readonly required: boolean;
  readonly default?: Json;
  readonly options?: readonly MetadataOption[];
  readonly validation?: MetadataValidation;
  readonly position: number;
  readonly jobId?: string;
};

export type MetadataRules = {
  readonly unknownFields: 'accept' | 'refuse';
  readonly fromElsewhere: 'note' | 'refuse';
};

/** An embedded field that becomes a field of the asset. */
export type MetadataMapping = {
  readonly from: string;
  readonly to: string;
  readonly when?: 'empty' | 'always';
  readonly transform?: string;
};

/** The rules, and the version to say when they are replaced: the console writes over nobody. */
export type MetadataMappings = { readonly mappings: readonly MetadataMapping[]; readonly version: number };

/** Work that brings assets in line with a definition. */
export type MetadataJob = {
  readonly id: string;
  readonly state: 'running' | 'done' | 'cancelled';
  readonly work: { readonly kind: string; readonly field?: string };
  /** Counts only. */
  readonly dryRun: boolean;
  readonly looked: number;
  readonly changed: number;
  readonly failed: number;
};
