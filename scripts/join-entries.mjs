// Joins the modules that a start loads to a few files: finding and reading three hundred takes longer than a small scan.
// Without its results everything works the same, and starts a tenth of a second later.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const DIST = fileURLToPath(new URL('../dist/src/', import.meta.url));

/**
 * What a module finds beside itself is still beside the place that it had. And what is loaded `later` says that the entry
 * comes first, which it does: so all that the entry holds is one file, not one for each set of verbs that share a module.
 */
const ownPlaces = (joined, entry, later, held) => ({
  name: 'own-places',
  setup({ onLoad }) {
    onLoad({ filter: /\/dist\/(?:src|admission-webhook)\/.*\.js$/ }, ({ path }) => {
      const place = `new URL(${JSON.stringify(relative(joined, path))}, import.meta.url).href`;
      const first = later.has(path) ? `import ${JSON.stringify(entry)};\n` : path === entry ? held : '';
      return { contents: first + readFileSync(path, 'utf8').replaceAll('import.meta.url', place) };
    });
  },
});

/** Small modules that most verbs share: in a file each, finding them takes longer than reading them. */
const HELD = [
  ...['action', 'finding', 'loader', 'verdict', 'waiver-rules'].map((name) => `core/assessment/${name}`),
  ...['byte-order', 'small-file'].map((name) => `core/bytes/${name}`),
  'core/limits',
  ...['bounded-yaml', 'nesting'].map((name) => `core/yaml/${name}`),
  'formats/boosters/document-json',
  'formats/crc32c',
  ...['blank', 'byte-reader', 'magic', 'names'].map((name) => `formats/${name}`),
  ...['cursor', 'protobuf', 'varint'].map((name) => `formats/protobuf/${name}`),
  'integrity/envelope/signature-error',
  ...['hasher', 'tree-digest'].map((name) => `integrity/hash/${name}`),
  'integrity/manifests/dvc-listing',
  ...['format-titles', 'identity'].map((name) => `pipeline/${name}`),
  'policy/waivers/end',
  'report/json/readings',
  'report/schema/version',
  ...[
    'advisories',
    'coreml',
    'distributed',
    'graphs',
    'hdf5',
    'keras',
    'mojo',
    'msgpack',
    'onnx',
    'openvino',
    'pmml',
    'rds',
    'skops',
    'tables',
  ]
    .concat(['tensorflow', 'torch7', 'torchscript'])
    .map((name) => `scan/${name}/rules`),
  'scan/rules/signature-rules',
  ...['buffers', 'rule', 'stray', 'structure', 'yield-to-event-loop'].map((name) => `scan/scanner/${name}`),
  'scan/text/code-path',
  'sources/source',
];

/** Modules whose state a program and its entry share: each exists once, beside what is joined. */
const SHARED = /\/pipeline\/early\/early\.js$/;

const keptApart = (joined) => ({
  name: 'kept-apart',
  setup({ onResolve }) {
    onResolve({ filter: /\/early\.js$/ }, ({ path, resolveDir }) => {
      const place = resolve(resolveDir, path);
      return SHARED.test(place) ? { path: relative(joined, place), external: true } : undefined;
    });
  },
});

/** The modules that are loaded on demand. */
function loadedLater({ inputs }) {
  const imports = Object.values(inputs).flatMap((input) => input.imports);
  return new Set(imports.filter(({ kind }) => kind === 'dynamic-import').map(({ path }) => resolve(path)));
}

/**
 * @param forward what the entry is from now on: no more than the way to what was joined
 * @param held modules that are in the file of the entry, whoever shares them
 */
async function join(folder, name, forward, held = []) {
  const joined = `${DIST}${folder}joined/`;
  const entry = `${DIST}${folder}${name}`;
  const imports = held.map((path) => `import ${JSON.stringify(`${DIST}${path}.js`)};\n`).join('');
  const joining = (later, write) =>
    build({
      entryPoints: [entry],
      outdir: joined,
      chunkNames: '[name]-[hash]',
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node20.17',
      packages: 'external',
      // Other threads and children start from modules of their own; so does all that is required by a path.
      external: ['*.cjs'],
      legalComments: 'inline',
      plugins: [keptApart(joined), ownPlaces(joined, entry, later, imports)],
      metafile: true,
      write,
      logLevel: 'error',
    });
  const { metafile: whole } = await joining(new Set(), false);
  const { metafile } = await joining(loadedLater(whole), true);
  const written = new Set(Object.keys(metafile.outputs).map((path) => basename(path)));
  for (const file of readdirSync(joined)) if (!written.has(file)) rmSync(`${joined}${file}`);
  return () => writeFileSync(`${DIST}${folder}${name}`, `${forward}\n`);
}

// No entry is replaced before all are joined: one may hold another.
const replace = [
  await join('cli/', 'run.js', "export { runCommandLine } from './joined/run.js';", HELD),
  await join('service/worker/', 'scan-process.js', "import './joined/scan-process.js';"),
  await join('pipeline/parsers/', 'parser-thread.js', "import './joined/parser-thread.js';"),
];
for (const one of replace) one();
