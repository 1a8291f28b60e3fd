// What a start need not do again, done by the build: the modules of CEL joined to one file, and the shipped policies read.
// Without its results everything works the same, and starts a tenth of a second later.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { aheadText } from '../dist/src/policy/read-ahead.js';
import { readPolicyDocument } from '../dist/src/policy/read-policy.js';

const ROOT = new URL('..', import.meta.url);

const options = { bundle: true, minify: true, platform: 'node', target: 'node20.17', legalComments: 'inline' };
const policy = new URL('dist/src/policy/', ROOT);
const cel = new URL('cel/', policy);

/** Patterns are rare, and RE2 is large: it is a file of its own, loaded by the first pattern. */
const lateRe2 = {
  name: 'late-re2',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@bufbuild\/re2$/ }, () => ({ path: 're2', namespace: 'late' }));
    onLoad({ filter: /.*/, namespace: 'late' }, () => ({
      contents: "export const RE2JS = { compile: (pattern) => require('./re2.bundle.cjs').RE2JS.compile(pattern) };",
    }));
  },
};

const join = (name, contents, more = {}) =>
  build({
    ...options,
    format: 'cjs',
    stdin: { contents, resolveDir: fileURLToPath(ROOT) },
    outfile: fileURLToPath(new URL(`${name}.bundle.cjs`, cel)),
    ...more,
  });
await join('re2', "export { RE2JS } from '@bufbuild/re2';");
await join(
  'cel-library',
  `
  import { celEnv, celError, celFunc, celList, celMap, celMethod, CelScalar, isCelError, isCelList, isCelMap, listType, parse, plan } from '@bufbuild/cel';
  import { timestampFromMs, TimestampSchema } from '@bufbuild/protobuf/wkt';
  export const cel = { celEnv, celError, celFunc, celList, celMap, celMethod, CelScalar, isCelError, isCelList, isCelMap, listType, parse, plan };
  export const wkt = { timestampFromMs, TimestampSchema };
  export { reflect } from '@bufbuild/protobuf/reflect';
  export { strings } from '@bufbuild/cel/ext';
  export { RE2JS } from '@bufbuild/re2';
  `,
  { plugins: [lateRe2], external: ['./re2.bundle.cjs'] },
);

mkdirSync(new URL('ahead/', policy), { recursive: true });
for (const file of readdirSync(new URL('policies/', ROOT)).filter((name) => /^[a-z-]+\.yaml$/.test(name))) {
  const bytes = readFileSync(new URL(`policies/${file}`, ROOT));
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const target = new URL(`ahead/${file.replace('.yaml', '.json')}`, policy);
  const { document, problems } = readPolicyDocument(bytes);
  if (document === undefined || problems.length > 0) throw new Error(`${file}: ${JSON.stringify(problems)}`);
  writeFileSync(target, aheadText(document, digest));
}

/** What a module finds beside itself is still beside the place that it had. */
const ownPlaces = {
  name: 'own-places',
  setup({ onLoad }) {
    onLoad({ filter: /\/dist\/src\/policy\/.*\.js$/ }, ({ path }) => {
      const place = `new URL(${JSON.stringify(relative(fileURLToPath(policy), path))}, import.meta.url).href`;
      return { contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', place) };
    });
  },
};

await build({
  ...options,
  minify: false,
  plugins: [ownPlaces],
  format: 'esm',
  entryPoints: [fileURLToPath(new URL('index.js', policy))],
  outfile: fileURLToPath(new URL('index.js', policy)),
  allowOverwrite: true,
  packages: 'external',
  external: ['../core/*'],
});
