/** The floors of the house, and what each may import besides `core`. An import that is not here fails the check. */
const FLOORS = {
  core: [],
  sandbox: [],
  egress: [],
  oci: ['egress'],
  sources: ['egress', 'oci'],
  formats: ['sandbox'],
  scan: ['formats', 'sandbox'],
  integrity: [],
  convert: ['formats', 'sandbox'],
  behavior: ['formats', 'sandbox'],
  provenance: ['formats', 'sandbox'],
  policy: [],
  snapshot: ['integrity'],
  workload: [],
  references: ['workload'],
  report: [],
  registry: ['integrity', 'policy', 'snapshot'],
  client: ['registry', 'integrity', 'policy', 'egress'],
  pipeline: [
    'sources',
    'egress',
    'oci',
    'formats',
    'sandbox',
    'scan',
    'integrity',
    'convert',
    'behavior',
    'provenance',
    'policy',
    'report',
  ],
};

/** These may use any floor below. */
const TOP = ['service', 'cli', 'library'];

/** What the admission webhook may import: it answers from a snapshot, and needs nothing that reads artifacts. */
const WEBHOOK = ['core', 'workload', 'snapshot', 'policy', 'integrity', 'oci'];
/** The verbs that are faces of it. */
const ADMITTERS = '^src/cli/commands/admit/';
/** The verbs that are faces of the service. */
const STARTERS = '^src/cli/commands/(serve|worker)/';

const rules = Object.entries(FLOORS).map(([floor, below]) => ({
  name: `floor-${floor}`,
  comment: `src/${floor} may import: ${['core', ...below].join(', ')}`,
  severity: 'error',
  from: { path: `^src/${floor}/` },
  to: { path: '^src/', pathNot: `^src/(${[floor, 'core', ...below].join('|')})/` },
}));

/** A folder is entered by its `index.ts`: a module may name what lies in its own folder or in one around it, and doors. A rule a depth. */
const doors = [2, 3, 4, 5, 6].map((depth) => {
  const around = Array.from({ length: depth - 1 }, (_, level) =>
    Array.from({ length: level + 2 }, (_, at) => `$${at + 1}`),
  );
  return {
    name: 'doors',
    comment: 'a folder is entered by its index.ts',
    severity: 'error',
    from: {
      path: `^${Array.from({ length: depth }, () => '([^/]+)').join('/')}/[^/]+$`,
      pathNot: '^src/scan/|^action/src/main\\.ts$',
    },
    to: {
      path: '^(src|admission-webhook)/',
      pathNot: ['/index\\.ts$', '\\.json$', ...around.map((one) => `^${one.join('/')}/[^/]+$`)].join('|'),
    },
  };
});

module.exports = {
  forbidden: [
    ...rules,
    {
      name: 'top-floors',
      comment: 'faces do not import each other, but for the verbs that start the service or a worker',
      severity: 'error',
      from: { path: `^src/(${TOP.join('|')})/`, pathNot: STARTERS },
      to: { path: `^src/(${TOP.join('|')})/`, pathNot: '^src/$1/' },
    },
    {
      name: 'starters',
      comment: 'a verb that starts the service loads it, by its front door, when it is asked to',
      severity: 'error',
      from: { path: STARTERS },
      to: { path: '^src/service/', pathNot: '^src/service/(index|config)\\.ts$' },
    },
    {
      name: 'admission-webhook',
      comment: `admission-webhook may import: ${WEBHOOK.join(', ')}`,
      severity: 'error',
      from: { path: '^admission-webhook/' },
      to: { path: '^src/', pathNot: `^src/(${WEBHOOK.join('|')})/` },
    },
    {
      name: 'admission-webhook-front-door',
      comment: 'the webhook is loaded by the verb admit, by its front door, when it is asked for',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^admission-webhook/', dependencyTypesNot: ['dynamic-import', 'type-only'] },
    },
    {
      name: 'admission-webhook-verb',
      comment: 'only the verb admit knows the webhook',
      severity: 'error',
      from: { path: '^src/', pathNot: ADMITTERS },
      to: { path: '^admission-webhook/' },
    },
    {
      name: 'action',
      comment: 'the GitHub Action may import any floor below, and neither the command line nor the service',
      severity: 'error',
      from: { path: '^action/' },
      to: { path: `^(src/(${TOP.join('|')})|admission-webhook)/` },
    },
    {
      name: 'action-is-a-face',
      comment: 'nothing imports the GitHub Action',
      severity: 'error',
      from: { path: '^(src|admission-webhook)/' },
      to: { path: '^action/' },
    },
    {
      name: 'action-starts-git-alone',
      comment: 'the GitHub Action starts git, in one place, and no other process; the sandbox starts the rest',
      severity: 'error',
      from: { path: '^action/', pathNot: '^action/src/git/git\\.ts$' },
      to: { path: '^(node:)?child_process$' },
    },
    {
      name: 'action-connects-through-egress',
      comment: 'egress is the only way out of the GitHub Action, too',
      severity: 'error',
      from: { path: '^action/' },
      to: { path: '^(node:)?(https?|http2|net|tls|dgram)$|node_modules/undici' },
    },
    {
      name: 'unknown-floor',
      comment: 'every folder of src is a floor of the house',
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/(${[...Object.keys(FLOORS), ...TOP].join('|')})/|^src/index\\.ts$` },
      to: {},
    },
    ...doors,
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'modules do not import each other, types included',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unlisted-packages',
      severity: 'error',
      comment: 'what runs must be among the dependencies',
      from: { path: '^(src|action)/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'npm-optional', 'npm-peer'],
        pathNot: '(^|/)node_modules/(pkcs11js|onnxruntime-node|@duckdb/node-api)/',
      },
    },
    {
      name: 'tokens-in-one-place',
      severity: 'error',
      comment: 'pkcs11js is native code that few install: an optional peer, loaded when a token is asked for',
      from: { path: '^src/', pathNot: '^src/integrity/sign/pkcs11/token-key\\.ts$' },
      to: { path: '(^|/)node_modules/pkcs11js/' },
    },
    {
      name: 'models-run-in-one-place',
      severity: 'error',
      comment:
        'onnxruntime-node is native code that few install: an optional peer, loaded in a bounded child process alone',
      from: { path: '^(src|admission-webhook|action)/', pathNot: '^src/sandbox/tasks/onnx-session/' },
      to: { path: '(^|/)node_modules/onnxruntime-(node|common|web)/' },
    },
    {
      name: 'tables-are-read-in-one-place',
      severity: 'error',
      comment: 'DuckDB is native code that few install: an optional peer, loaded in a bounded child process alone',
      from: { path: '^(src|admission-webhook|action)/', pathNot: '^src/sandbox/tasks/sql/' },
      to: { path: '(^|/)node_modules/@duckdb/' },
    },
    {
      name: 'child-processes-in-the-sandbox-only',
      severity: 'error',
      comment: 'the sandbox is the only place that starts a process',
      from: { path: '^src/', pathNot: '^src/sandbox/' },
      to: { path: '^(node:)?child_process$' },
    },
    {
      name: 'connections-through-egress-only',
      severity: 'error',
      comment: 'egress is the only way out',
      from: { path: '^src/', pathNot: '^src/(egress|service)/' },
      to: { path: '^(node:)?(https?|http2|net|tls|dgram)$|node_modules/undici' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
