// The linter holds the habits that a reader cannot check at a glance; formatting is Biome's. Each rule has been seen to
// fail once: tools/lint-rules.test.ts plants one offence per rule. The ratchet for warnings (lengths) is the number
// after --max-warnings in package.json's check:lint; it only ever goes down.
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const tests = ['**/*.test.ts', '**/testing/**', 'test/**'];
const workshop = ['bench/**', 'tools/**'];

const time = 'Time is an argument: take a Clock (src/runtime/clock.ts).';
const chance = 'Chance is an argument: take a Random (src/runtime/random.ts).';
const road = 'There is one road out: src/egress. Nothing else opens a socket.';

const timers = ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate'];
const roads = ['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest'];
const networkModules = ['http', 'https', 'http2', 'net', 'tls', 'dns', 'dns/promises', 'dgram'];

// Judging an address is no connection.
const harmless = ['isIP', 'isIPv4', 'isIPv6', 'BlockList'];
const networkPaths = [
  ...networkModules.flatMap((name) => [name, `node:${name}`]),
  'undici',
  'undici/lib/dispatcher/client.js',
].map((name) => ({
  name,
  message: road,
  ...(/^(node:)?net$/.test(name) ? { allowImportNames: harmless } : {}),
  allowTypeImports: true,
}));
const lateNetworkImport = {
  selector: `ImportExpression[source.value=/^((node:)?(${networkModules.join('|').replaceAll('/', '\\u002F')})|undici)$/], CallExpression[callee.property.name='getBuiltinModule']`,
  message: road,
};
const syntax = [
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: time },
  { selector: "CallExpression[callee.name='Date']", message: time },
  { selector: 'ExportDefaultDeclaration', message: 'Exports are named.' },
  { selector: 'TSEnumDeclaration', message: 'Use a union of literals.' },
];
const timePaths = ['timers', 'timers/promises']
  .flatMap((name) => [name, `node:${name}`])
  .map((name) => ({ name, message: time, allowTypeImports: true }));
const chancePaths = ['crypto', 'node:crypto'].map((name) => ({
  name,
  importNames: ['randomBytes', 'randomUUID', 'randomInt', 'randomFill', 'randomFillSync', 'getRandomValues'],
  message: chance,
}));
// A command goes to a program as a list of words, never through a shell (HARDENING SC-13).
const shellPaths = ['child_process', 'node:child_process'].map((name) => ({
  name,
  importNames: ['exec', 'execSync'],
  message: 'No shell: take spawn or execFile with a list of arguments.',
}));

const restrictedImports = (...paths) => ['error', { paths: paths.flat() }];

export default defineConfig(
  { ignores: ['node_modules/', 'dist/', 'coverage/', 'data/', 'media/', '**/fixtures/**'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          // node:test keeps hold of these promises itself.
          allowForKnownSafeCalls: [
            {
              from: 'package',
              package: 'node:test',
              name: ['test', 'it', 'describe', 'suite', 'before', 'after', 'beforeEach', 'afterEach'],
            },
          ],
        },
      ],
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      // Contracts are written as methods and fulfilled by closures of factories, which have no `this` to lose.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/ban-ts-comment': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // `'now' | string` documents a literal that means something.
      '@typescript-eslint/no-redundant-type-constituents': 'off',
      // An async function without await is how a synchronous implementation meets an asynchronous contract.
      '@typescript-eslint/require-await': 'off',
      // The compiler reports unused names (@tsconfig/strictest); twice is noise.
      '@typescript-eslint/no-unused-vars': 'off',
      'no-empty': 'error',
      // Text never becomes code, and nothing is equal by coercion (HARDENING SC-13).
      'no-eval': 'error',
      'no-new-func': 'error',
      '@typescript-eslint/no-implied-eval': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'max-lines': ['warn', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['warn', { max: 70, skipBlankLines: true, skipComments: true }],
      'max-params': ['warn', 3],
      'max-depth': ['warn', 3],
    },
  },
  {
    // Shipped code: time, chance and sockets come from their rooms.
    files: ['src/**/*.ts', 'packages/*/src/**/*.ts'],
    ignores: tests,
    rules: {
      'no-restricted-globals': [
        'error',
        ...timers.map((name) => ({ name, message: time })),
        ...roads.map((name) => ({ name, message: road })),
        { name: 'performance', message: time },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: time },
        { object: 'performance', property: 'now', message: time },
        { object: 'process', property: 'hrtime', message: time },
        { object: 'Math', property: 'random', message: chance },
        { object: 'crypto', property: 'randomUUID', message: chance },
        { object: 'crypto', property: 'getRandomValues', message: chance },
        ...[...timers, ...roads].map((property) => ({ object: 'globalThis', property, message: time })),
      ],
      'no-restricted-syntax': ['error', lateNetworkImport, ...syntax],
      '@typescript-eslint/no-restricted-imports': restrictedImports(networkPaths, timePaths, chancePaths, shellPaths),
    },
  },
  {
    // The rooms that may touch the network (HARDENING SR-15): the road out, the listener, the CLI's client, and the servers
    // that the demo delivers to.
    files: [
      'src/egress/**/*.ts',
      'src/transports/**/*.ts',
      'src/api/listeners.ts',
      'src/cli/client*.ts',
      'src/cli/demo/peers/*.ts',
    ],
    ignores: tests,
    rules: {
      'no-restricted-syntax': ['error', ...syntax],
      '@typescript-eslint/no-restricted-imports': restrictedImports(timePaths, chancePaths, shellPaths),
    },
  },
  {
    // The room of time and chance, and the one file of the receivers' package that reads the clock.
    files: ['src/runtime/**/*.ts', 'packages/receiver/src/system-time.ts'],
    ignores: tests,
    rules: {
      'no-restricted-globals': ['error', ...roads.map((name) => ({ name, message: road }))],
      'no-restricted-properties': 'off',
      'no-restricted-syntax': ['error', lateNetworkImport],
      '@typescript-eslint/no-restricted-imports': restrictedImports(networkPaths, shellPaths),
    },
  },
  {
    // A page is one function that says what is drawn: long where there is much to see, not where much is decided.
    files: ['console/src/**/*.tsx'],
    rules: {
      'max-lines-per-function': 'off',
      'max-lines': ['warn', { max: 500, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: [...tests, ...workshop],
    rules: {
      'max-lines': ['warn', { max: 500, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': 'off',
      'max-params': ['warn', 4],
      // Tests read JSON of answers whose shape they are about to assert.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
    },
  },
);
