/** Holds the types that the console reads answers by against the schemas of the API: what it reads exists, as it says. */
import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';

export type Schema = {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: { readonly [name: string]: Schema };
  readonly required?: readonly string[];
  readonly items?: Schema | false;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
};

export type ReadTypes = {
  /** Every type alias of the console by its name. */
  readonly named: ReadonlyMap<string, ts.Type>;
  /** Names that `console/src/api` exports. */
  readonly exported: readonly string[];
  /** What a type says that the schemas do not; empty where it fits. Of several schemas a field is in one at least. */
  problems(name: string, schemas: readonly Schema[]): readonly string[];
};

const root = resolve(import.meta.dirname, '..', '..', 'console', 'src');

export function readConsoleTypes(components: { readonly [name: string]: Schema }): ReadTypes {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(root, name));
  const options: ts.CompilerOptions = {
    lib: ['lib.es5.d.ts'],
    types: [],
    strict: true,
    jsx: ts.JsxEmit.Preserve,
    noEmit: true,
  };
  const host = ts.createCompilerHost(options);
  // Only the console's own files: libraries are as many types again, and none of them is an answer.
  host.resolveModuleNameLiterals = (literals, from) =>
    literals.map(({ text }) => {
      const found = text.startsWith('.') ? resolve(dirname(from), text) : null;
      const extension = text.endsWith('.tsx') ? ts.Extension.Tsx : ts.Extension.Ts;
      return { resolvedModule: found === null ? undefined : { resolvedFileName: found, extension } };
    });
  const program = ts.createProgram(files, options, host);
  const checker = program.getTypeChecker();
  const named = new Map<string, ts.Type>();
  const exported: string[] = [];
  // Where a name is there twice, that of the answers counts.
  const answers = (name: string): number => (/\/console\/src\/api\/[a-z-]+\.ts$/.test(name) ? 1 : 0);
  const sources = program.getSourceFiles().toSorted((one, other) => answers(one.fileName) - answers(other.fileName));
  for (const file of sources) {
    if (!file.fileName.startsWith(root)) continue;
    for (const statement of file.statements) {
      if (!ts.isTypeAliasDeclaration(statement) || statement.typeParameters !== undefined) continue;
      const { text } = statement.name;
      named.set(text, checker.getTypeAtLocation(statement));
      if (file.fileName.startsWith(join(root, 'api'))) exported.push(text);
    }
  }
  const compare = comparer(checker, components);
  return {
    named,
    exported,
    problems(name, schemas) {
      const type = named.get(name);
      return type === undefined ? [`there is no type ${name}`] : compare(type, schemas, name);
    },
  };
}

type Compare = (type: ts.Type, schemas: readonly Schema[], at: string) => readonly string[];

function comparer(checker: ts.TypeChecker, components: { readonly [name: string]: Schema }): Compare {
  const flat = (schema: Schema): readonly Schema[] => {
    if (schema.$ref !== undefined) return flat(components[schema.$ref.split('/').at(-1) ?? ''] ?? {});
    const several = schema.anyOf ?? schema.oneOf;
    if (several !== undefined) return several.flatMap(flat);
    if (Array.isArray(schema.type)) return schema.type.flatMap((type: string) => flat({ ...schema, type }));
    return [schema];
  };
  const compare: Compare = (type, schemas, at) => {
    const branches = schemas.flatMap(flat);
    // A schema that says nothing allows anything: nothing can be held against it.
    if (branches.some((branch) => isOpen(branch))) return [];
    const members = (type.isUnion() ? type.types : [type]).filter((one) => (one.flags & ts.TypeFlags.Undefined) === 0);
    const isNull = (one: ts.Type): boolean => (one.flags & ts.TypeFlags.Null) !== 0;
    if (members.some((one) => (one.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) !== 0)) return [];
    const found = branches.filter((branch) => !('type' in branch && branch.type === 'null') && branch.const !== null);
    const nullable = found.length < branches.length;
    return [
      ...(nullable && !members.some(isNull) ? [`${at} may be null`] : []),
      ...values(
        members.filter((one) => !isNull(one)),
        found,
        at,
      ),
    ];
  };

  const values = (members: readonly ts.Type[], branches: readonly Schema[], at: string): readonly string[] => {
    const literals = members.flatMap((one) => (one.isStringLiteral() ? [one.value] : []));
    const sent = branches.flatMap((branch) => branch.enum ?? (branch.const === undefined ? [] : [branch.const]));
    if (literals.length > 0) {
      const plain = branches.some(
        (branch) => branch.type === 'string' && branch.enum === undefined && branch.const === undefined,
      );
      if (plain) return [`${at} may be any text, not only ${literals.join(', ')}`];
      return sent
        .filter((one) => typeof one === 'string' && !literals.includes(one))
        .map((one) => `${at} may be "${String(one)}"`);
    }
    const objects = members.filter(isObject);
    const wanted = new Set(branches.map(kindOf));
    const had = new Set(members.map((one) => (checker.isTupleType(one) ? 'array' : kindOfType(one))));
    const missing = [...wanted].filter((kind) => !had.has(kind));
    if (missing.length > 0)
      return [`${at} is ${[...had].join(' or ')} here and ${[...wanted].join(' or ')} in the API`];
    if (objects.length < 2) return objects.flatMap((one) => structure(one, branches, at));
    // Kinds of a thing, told apart by a field: each that comes is read by one of them.
    return branches.flatMap((branch) => {
      const tries = objects
        .map((one) => structure(one, [branch], at))
        .toSorted((one, other) => one.length - other.length);
      return tries[0] ?? [];
    });
  };

  const structure = (type: ts.Type, branches: readonly Schema[], at: string): readonly string[] => {
    if (checker.isTupleType(type)) return [];
    if (checker.isArrayType(type)) {
      const [element] = checker.getTypeArguments(type as ts.TypeReference);
      const items = branches.flatMap(({ items: each }) => (each === undefined || each === false ? [] : [each]));
      return element === undefined || items.length === 0 ? [] : compare(element, items, `${at}[]`);
    }
    if (checker.getIndexInfosOfType(type).length > 0) return [];
    return checker.getPropertiesOfType(type).flatMap((property) => {
      const { name } = property;
      const holders = branches.filter(({ properties }) => properties?.[name] !== undefined);
      if (holders.length === 0) {
        const open = branches.some(({ additionalProperties: more }) => more !== undefined && more !== false);
        return open ? [] : [`${at}.${name} is not in the API`];
      }
      const optional = (property.flags & ts.SymbolFlags.Optional) !== 0;
      const always = holders.every(({ required }) => required?.includes(name) === true);
      return [
        ...(optional || always ? [] : [`${at}.${name} may be absent`]),
        ...compare(
          checker.getTypeOfSymbol(property),
          holders.flatMap(({ properties }) => properties?.[name] ?? []),
          `${at}.${name}`,
        ),
      ];
    });
  };
  return compare;
}

function isOpen({ type, properties, enum: listed, const: fixed }: Schema): boolean {
  return type === undefined && properties === undefined && listed === undefined && fixed === undefined;
}

function isObject(type: ts.Type): boolean {
  return (type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) !== 0;
}

function kindOf({ type, const: fixed, enum: listed }: Schema): string {
  if (type === 'integer') return 'number';
  return typeof type === 'string' ? type : typeof (fixed ?? listed?.[0] ?? {});
}

function kindOfType(type: ts.Type): string {
  if ((type.flags & ts.TypeFlags.StringLike) !== 0) return 'string';
  if ((type.flags & ts.TypeFlags.NumberLike) !== 0) return 'number';
  if ((type.flags & ts.TypeFlags.BooleanLike) !== 0) return 'boolean';
  const name = type.symbol?.name;
  return name === 'Array' || name === 'ReadonlyArray' ? 'array' : 'object';
}
