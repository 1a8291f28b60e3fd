// Joins the modules of the command line to a few dozen files: finding and reading three hundred takes longer than a small scan.
// Without its results everything works the same, and starts a tenth of a second later.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const cli = fileURLToPath(new URL('../dist/src/cli/', import.meta.url));
const joined = `${cli}joined/`;
const entry = `${cli}run.js`;

/** What a module finds beside itself is still beside the place that it had. */
const ownPlaces = {
  name: 'own-places',
  setup({ onLoad }) {
    onLoad({ filter: /\/dist\/(?:src|admission-webhook)\/.*\.js$/ }, ({ path }) => {
      const place = `new URL(${JSON.stringify(relative(joined, path))}, import.meta.url).href`;
      return { contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', place) };
    });
  },
};

const { metafile } = await build({
  entryPoints: [entry],
  outdir: joined,
  chunkNames: '[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.17',
  packages: 'external',
  // Threads and children start from the modules as they are; so does all that is required by a path.
  external: ['*.cjs'],
  legalComments: 'inline',
  plugins: [ownPlaces],
  metafile: true,
  logLevel: 'error',
});
writeFileSync(entry, "export { run } from './joined/run.js';\n");
const written = new Set(Object.keys(metafile.outputs).map((path) => basename(path)));
for (const name of readdirSync(joined)) if (!written.has(name)) rmSync(`${joined}${name}`);
