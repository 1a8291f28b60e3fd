// Makes the GitHub Action's one file, `action/dist/index.js`, from the sources: all code and all lists and policies that it reads.
//   node scripts/bundle-action.mjs          writes it
//   node scripts/bundle-action.mjs check    fails when it is not what the sources make
// The same sources make the same bytes on every machine: esbuild and the compressor are pinned, and nothing tells a path or a time.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { inlineOpcodes } from './inline-opcodes.mjs';
import { STAND_INS } from './stand-ins.mjs';
import { straightener } from './straight-imports.mjs';

/** Its `import` is for browsers. */
const brotli = createRequire(import.meta.url)('brotli-wasm');
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BUNDLED = 'action/src/bundled';
export const BUNDLE = fileURLToPath(new URL('../action/dist/index.js', import.meta.url));

/** Parts of undici that no connection of ours uses. */
const UNUSED = /undici\/lib\/(?:web\/(?:websocket|eventsource|cookies|fetch|fileapi)|mock)\//;
/**
 * Clients of AWS, and who imports them. What is loaded on demand is kept whole in one file, so that a client would bring the commands and schemas of
 * all operations: it is bundled by itself first, with what is imported of it.
 */
const CLIENTS = new Map([
  ['@aws-sdk/client-s3', 'src/sources/s3/store.ts'],
  ['@aws-sdk/client-sts', 'src/sources/s3/tokens.ts'],
]);
const SCHEMAS = /\/schemas\/schemas_0\.js$/;

/** Keys that are computed from constants may have effects for all that esbuild knows: written out, what nothing uses is left out. */
function writtenOut(text) {
  const constants = new Map(
    [...text.matchAll(/^const (_\w+) = ("[^"\\]*");$/gm)].map(([, name, value]) => [name, value]),
  );
  return text.replace(/\[(_\w+)\]:/g, (key, name) => (constants.has(name) ? `${constants.get(name)}:` : key));
}

/** What is imported of a client, and nothing else of it; other packages stay imports. */
async function clientInUse(client) {
  const importer = readFileSync(`${ROOT}${CLIENTS.get(client)}`, 'utf8');
  const imported = new RegExp(`import \\{([^}]*)\\} from '${client}'`).exec(importer)?.[1] ?? '';
  const names = imported.split(',').filter((name) => name.trim() !== '' && !/\btype\b/.test(name));
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    stdin: { contents: `export {${names.join(',')}} from '${client}';`, resolveDir: ROOT },
    bundle: true,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
    charset: 'utf8',
    plugins: [
      {
        name: 'one-client',
        setup({ onLoad, onResolve }) {
          onResolve({ filter: /^[^.]/ }, ({ path }) => (path === client ? undefined : { path, external: true }));
          onLoad({ filter: SCHEMAS }, ({ path }) => ({ contents: writtenOut(readFileSync(path, 'utf8')) }));
        },
      },
    ],
    write: false,
    logLevel: 'error',
  });
  return outputFiles[0].text;
}

/** What undici makes one of while it is loaded. */
const CACHE = /undici\/lib\/web\/cache\/cachestorage\.js$/;

/** Files that the program reads beside its code. */
function carriedFiles() {
  const below = (folder, ends) =>
    readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' })
      .filter((name) => ends.test(name))
      .map((name) => `${folder}/${name.split(sep).join('/')}`);
  const { name, version } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
  const paths = [
    ...below('src/scan', /\.json$/),
    ...below('src/formats/pickle', /\.json$/),
    ...below('policies', /^[a-z-]+\.yaml$/),
    'src/report/torch-safe-globals.json',
  ].sort();
  return [
    ['package.json', JSON.stringify({ name, version })],
    ...paths.map((path) => [path, readFileSync(`${ROOT}${path}`, 'utf8')]),
  ];
}

const packed = () => base85(Buffer.from(brotli.compress(Buffer.from(JSON.stringify(carriedFiles())), { quality: 11 })));

/** ZeroMQ's Base-85, behind the number of bytes: `action/src/bundled/base85.ts` reads it. */
function base85(bytes) {
  const digits = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';
  const whole = Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
  let text = `${bytes.length} `;
  for (let at = 0; at < whole.length; at += 4) {
    const value = whole.readUInt32BE(at);
    for (const power of [52_200_625, 614_125, 7_225, 85, 1]) text += digits[Math.floor(value / power) % 85];
  }
  return text;
}

/** @throws Error when a module reads a file that the bundle does not carry */
function mustCarry(own, text, carried) {
  for (const [, name] of text.matchAll(/new URL\('(\.[^']+)', import\.meta\.url\)/g)) {
    const path = new URL(name, `file:///${own}`).pathname.slice(1);
    if (!carried.some((one) => one === path || (path.endsWith('/') && one.startsWith(path)))) {
      throw new Error(`${own} reads ${path}, which the bundle does not carry`);
    }
  }
}

/** A module's place, as it says it itself: below an address where the bundle finds what it carries. */
const place = (path) => `new URL(${JSON.stringify(`./carried/${path}`)}, import.meta.url).href`;

const oneFile = {
  name: 'one-file',
  setup({ onEnd, onLoad, onResolve }) {
    const carried = carriedFiles().map(([path]) => path);
    const replaced = new Set();
    const straighten = straightener();
    onEnd(({ errors }) => {
      const left = [...STAND_INS.keys()].filter((path) => !replaced.has(path));
      if (errors.length === 0 && left.length > 0) throw new Error(`not found, and so not replaced: ${left.join(', ')}`);
    });
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const own = relative(ROOT, path).split(sep).join('/');
      if (own === `${BUNDLED}/packed.ts`)
        return { contents: `export const PACKED = ${JSON.stringify(packed())};`, loader: 'ts' };
      const text = inlineOpcodes(straighten(readFileSync(path, 'utf8'), path));
      const instead = STAND_INS.get(own);
      if (instead !== undefined) {
        replaced.add(own);
        const to = `${ROOT}${instead}`;
        return { contents: `export * from ${JSON.stringify(to)};`, loader: 'ts', resolveDir: ROOT };
      }
      if (!own.startsWith('src/') || !/import\.meta\.url|PACKAGE_ROOT/.test(text))
        return { contents: text, loader: 'ts' };
      mustCarry(own, text, carried);
      const contents = text
        .replaceAll('import.meta.url', place(own))
        .replaceAll("from 'node:module'", `from '${ROOT}${BUNDLED}/require.ts'`);
      const reads = /\bread(?:File|dir)Sync\(/.test(text);
      return {
        contents: reads ? contents.replaceAll("from 'node:fs'", `from '${ROOT}${BUNDLED}/files.ts'`) : contents,
        loader: 'ts',
      };
    });
    onResolve({ filter: /^hash-wasm$/ }, () => ({ path: `${ROOT}${BUNDLED}/left-out.ts` }));
    onResolve({ filter: /^bowser$/ }, ({ path }) => ({ path, namespace: 'unused' }));
    onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {};' }));
    onLoad({ filter: UNUSED }, () => ({ contents: 'module.exports = {};' }));
    onLoad({ filter: CACHE }, () => ({ contents: 'module.exports = { CacheStorage: class {} };' }));
    onResolve({ filter: /^@aws-sdk\/client-s(?:3|ts)$/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'client' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'client' }, async ({ path }) => ({
      contents: await clientInUse(path),
      resolveDir: `${ROOT}node_modules/${path}`,
    }));
    // undici carries its parser twice, with and without SIMD; one is enough for a step.
    onLoad({ filter: /undici\/lib\/llhttp\/llhttp_simd-wasm\.js$/ }, () => ({
      contents: "module.exports = require('./llhttp-wasm.js');",
    }));
    // Native code, and what only other faces do: no input of the Action leads there.
    onResolve({ filter: /^(?:pkcs11js|better-sqlite3|bullmq|ioredis|pg)$/ }, ({ path }) => ({ path, external: true }));
  },
};

/** Packages of CommonJS require Node's own modules. */
const BANNER =
  "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);";

export async function bundleAction() {
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['action/src/main.ts'],
    outfile: 'action/dist/index.js',
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.17',
    mainFields: ['module', 'main'],
    legalComments: 'eof',
    charset: 'utf8',
    banner: { js: BANNER },
    plugins: [oneFile],
    metafile: true,
    write: false,
    logLevel: 'error',
  });
  const [file] = outputFiles;
  return { bytes: Buffer.from(file.contents), metafile };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { bytes, metafile } = await bundleAction();
  if (process.argv[2] === 'check') {
    if (!bytes.equals(readFileSync(BUNDLE))) {
      process.stderr.write('action/dist/index.js is not what the sources make: run `npm run bundle`, and commit it\n');
      process.exitCode = 1;
    }
  } else writeFileSync(BUNDLE, bytes);
  if (process.argv[2] === 'sizes') {
    const [output] = Object.values(metafile.outputs);
    const sizes = new Map();
    for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
      const name = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path.split('/').slice(0, 2).join('/');
      sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput);
    }
    for (const [name, size] of [...sizes].sort((a, b) => b[1] - a[1]).slice(0, 40))
      process.stdout.write(`${size} ${name}\n`);
  }
}
