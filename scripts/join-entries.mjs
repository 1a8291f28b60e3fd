// Joins the modules that a start loads to a few dozen files: finding and reading three hundred takes longer than a small scan.
// Without its results everything works the same, and starts a tenth of a second later.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const DIST = fileURLToPath(new URL('../dist/src/', import.meta.url));

/** What a module finds beside itself is still beside the place that it had. */
const ownPlaces = (joined) => ({
  name: 'own-places',
  setup({ onLoad }) {
    onLoad({ filter: /\/dist\/(?:src|admission-webhook)\/.*\.js$/ }, ({ path }) => {
      const place = `new URL(${JSON.stringify(relative(joined, path))}, import.meta.url).href`;
      return { contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', place) };
    });
  },
});

/** @param forward what the entry is from now on: no more than the way to what was joined */
async function join(folder, entry, forward) {
  const joined = `${DIST}${folder}joined/`;
  const { metafile } = await build({
    entryPoints: [`${DIST}${folder}${entry}`],
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
    plugins: [ownPlaces(joined)],
    metafile: true,
    logLevel: 'error',
  });
  const written = new Set(Object.keys(metafile.outputs).map((path) => basename(path)));
  for (const name of readdirSync(joined)) if (!written.has(name)) rmSync(`${joined}${name}`);
  return () => writeFileSync(`${DIST}${folder}${entry}`, `${forward}\n`);
}

// No entry is replaced before all are joined: one may hold another.
const replace = [
  await join('cli/', 'run.js', "export { run } from './joined/run.js';"),
  await join('service/worker/', 'scan-thread.js', "import './joined/scan-thread.js';"),
];
for (const one of replace) one();
