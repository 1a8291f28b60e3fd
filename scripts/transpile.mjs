// Makes `dist` from the sources without looking at types, in about a second: what runs compiled code in tests runs the newest.
// The joined entries and the documents of the whole build (`npm run build`) are not made.
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { straightenTree } from './straight-imports.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['src', join('admission-webhook', 'src')];

/** As in the compiler: every module stays a file of its own, and a relative import of `x.ts` names `x.js`. */
const fileByFile = {
  name: 'file-by-file',
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ path, kind }) => {
      if (kind === 'entry-point') return undefined;
      return { path: path.startsWith('.') ? path.replace(/\.ts$/, '.js') : path, external: true };
    });
  },
};

export async function transpile() {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(ROOT, join(entry.parentPath, entry.name))),
  );
  await build({
    absWorkingDir: ROOT,
    entryPoints: files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts')),
    outdir: 'dist',
    outbase: '.',
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.17',
    plugins: [fileByFile],
    logLevel: 'error',
  });
  straightenTree(join(ROOT, 'dist'));
  for (const file of files.filter((name) => /\.(?:json|sql)$/.test(name))) {
    mkdirSync(dirname(join(ROOT, 'dist', file)), { recursive: true });
    copyFileSync(join(ROOT, file), join(ROOT, 'dist', file));
  }
}
