// The architecture, as a table: which room may look into which. ARCHITECTURE.md shows the same table to people.
const may = {
  core: [],
  runtime: [],
  dialects: ['core'],
  egress: ['core', 'runtime'],
  transports: ['core', 'runtime', 'egress'],
  blobs: ['core', 'runtime', 'egress'],
  media: ['core', 'runtime', 'egress'],
  storage: ['core', 'runtime'],
  engine: ['core', 'runtime'],
  app: ['core', 'runtime', 'egress'],
  api: ['core', 'runtime', 'app'],
  cli: ['core', 'runtime', 'app'],
};

// The contracts are read at their door files, never behind them; the words of the largest two lie in a folder beside the door.
const door = (room, file) => `^src/${room}/${file}[.]ts$`;
const doors = {
  dialect: '^src/dialects/(dialect[.]ts$|contract/)',
  transport: door('transports', 'transport'),
  storage: '^src/storage/(storage[.]ts$|contract/)',
  media: door('media', 'media'),
  blobs: door('blobs', 'blobs'),
};
// What the engine asks of the use cases stands at its own door, and the app names those types to fulfil them.
const engineDoor = door('engine', 'engine');
const mayAlsoRead = {
  engine: Object.values(doors),
  app: [...Object.values(doors), engineDoor],
  api: [doors.dialect],
};

const withImplementations = '(dialects|transports|storage|blobs|media)';
const testCode = ['[.]test[.]ts$', '/testing/'];
const shipped = { path: ['^src/', '^packages/[^/]+/src/'], pathNot: testCode };
// What makes the pages of /docs runs in a checkout and in the build, and its work is what is installed.
const installed = { ...shipped, pathNot: [...testCode, '^src/api/docs/make/'] };
const error = (name, comment, from, to) => ({ name, severity: 'error', comment, from, to });

const rooms = Object.entries(may).map(([room, allowed]) =>
  error(
    `${room}-looks-only-into-${allowed.join('-') || 'itself'}`,
    'See the table in ARCHITECTURE.md.',
    { path: `^src/${room}/`, pathNot: testCode },
    {
      path: ['^src/', '^packages/'],
      pathNot: [...[room, ...allowed].map((name) => `^src/${name}/`), ...(mayAlsoRead[room] ?? [])],
    },
  ),
);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...rooms,
    error(
      'core-is-pure',
      'core decides; it does no I/O and leans on no library.',
      { path: '^src/core/', pathNot: testCode },
      { pathNot: '^src/core/' },
    ),
    error(
      'dialects-translate',
      'Of Node, a dialect may use crypto and nothing else: no sockets, files or timers; and no library.',
      { path: '^src/dialects/', pathNot: testCode },
      { pathNot: ['^src/', '^(node:)?crypto$'] },
    ),
    error(
      'one-road-out',
      'Only egress, transports, the listener, the CLI client and the demo’s own servers open sockets (SR-15; node:net is the linter’s: it tells names apart).',
      {
        path: ['^src/', '^packages/[^/]+/src/'],
        pathNot: [
          ...testCode,
          '^src/(egress|transports)/',
          '^src/api/listeners[.]ts$',
          '^src/cli/client[^/]*[.]ts$',
          '^src/cli/demo/peers/',
        ],
      },
      {
        path: ['^(node:)?(http|https|http2|tls|dns|dns/promises|dgram)$', '(^|/)node_modules/undici/'],
        dependencyTypesNot: ['type-only'],
      },
    ),
    error(
      'contract-at-the-door',
      'Only compose.ts and its folder name an implementation; everyone else sees the door file of the room.',
      { path: '^src/', pathNot: ['^src/compose([.]ts$|/)', `^src/${withImplementations}/`, ...testCode] },
      { path: `^src/${withImplementations}/`, pathNot: Object.values(doors) },
    ),
    error(
      'app-names-the-engine-by-type-only',
      'Engine and app meet in storage: the app fulfils what the engine asks and never calls it.',
      { path: '^src/app/', pathNot: testCode },
      { path: engineDoor, dependencyTypesNot: ['type-only'] },
    ),
    error(
      'neighbours-are-strangers',
      'An implementation must be deletable with its folder.',
      // A kit may exercise one implementation from outside (crash tests); it never ships.
      { path: '^src/(dialects|transports|storage|blobs)/([^/]+)/', pathNot: '/testing/' },
      { path: '^src/$1/[^/]+/', pathNot: ['^src/$1/$2/', '^src/$1/(testing|contract)/'] },
    ),
    error(
      'packages-stand-alone',
      'What receivers install knows nothing of the server, and the server nothing of it.',
      { path: '^packages/[^/]+/src/', pathNot: testCode },
      { path: '^(src|test|tools|bench)/' },
    ),
    error(
      'the-console-speaks-the-api',
      'The console reaches the server through its public API alone, and the server serves what was built of it.',
      { path: '^console/src/' },
      { path: '^(src|packages|test|tools|bench)/' },
    ),
    error('no-test-code-in-what-we-ship', 'Test kits must not be linked into the server.', shipped, {
      path: ['/testing/', '[.]test[.]ts$', '^(test|bench|tools)/'],
    }),
    error('no-development-dependency-in-what-we-ship', 'It would be missing once installed.', installed, {
      dependencyTypes: ['npm-dev'],
      dependencyTypesNot: ['type-only'],
    }),
    error('what-makes-the-docs-is-not-installed', 'The build leaves it out; its work is packed.', installed, {
      path: '^src/api/docs/make/',
    }),
    error('no-undeclared-dependency', 'What is imported stands in package.json.', shipped, {
      dependencyTypes: ['npm-no-pkg', 'npm-unknown'],
    }),
    error(
      'no-cycles',
      'A cycle turns two files into one. Types are erased, so a cycle that a type closes is none.',
      {},
      { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    ),
    error(
      'no-orphans',
      'A file nobody imports is dead.',
      { orphan: true, pathNot: ['^src/main[.]ts$', '^src/api/page/', '[.]d[.]ts$', ...testCode] },
      {},
    ),
    error('resolvable', 'An import that leads nowhere hides from every other rule.', {}, { couldNotResolve: true }),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
