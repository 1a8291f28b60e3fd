// Prints how easy the sources are to find one's way in, as numbers: the largest folder, imports past a door, circles, exported names
// with two meanings, types of the wire that are declared more than once, modules that `scan` loads, words that the glossary rejects.
//
//   node scripts/house.mjs [checkout]
//   node scripts/house.mjs check      fails for a folder of more than 25 modules, an import past a door, a circle, a name with two
//                                     meanings, a type of the wire that is declared again, or a rejected word (scripts/words.json)
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize, relative } from 'node:path';
import { STAND_INS } from './stand-ins.mjs';
import { wireTypesDeclaredAgain } from './wire-types.mjs';
import { rejectedWords } from './words.mjs';

const checks = process.argv[2] === 'check';
const ROOT = (checks ? undefined : process.argv[2]) ?? new URL('..', import.meta.url).pathname;
const TREES = ['src', 'admission-webhook/src', 'action/src'];
const files = TREES.flatMap((tree) => list(tree)).filter((file) => file.endsWith('.ts'));
const known = new Set(files);
const texts = new Map(files.map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]));
const imports = new Map(files.map((file) => [file, importsOf(file)]));

const folders = new Map();
for (const file of files) folders.set(dirname(file), (folders.get(dirname(file)) ?? 0) + 1);
const [largest] = [...folders].sort((a, b) => b[1] - a[1]);
report('largest folder', `${largest[1]} modules, ${largest[0]}`);
report('modules', files.length);
report('folders', folders.size);

const links = files.flatMap((from) => imports.get(from).map((to) => ({ from, to })));
/** The one file of the Action starts its threads from their own modules. */
const THREADS = 'action/src/main.ts';
const past = links.filter(
  ({ from, to }) => from !== THREADS && !isWithin(from, dirname(to)) && basename(to) !== 'index.ts',
);
report('imports between folders', links.filter(({ from, to }) => dirname(from) !== dirname(to)).length);
report('imports past a door', past.length);
for (const { from, to } of past) console.log(`    ${from}: ${to}`);
const circleCount = circles();
report('circles, types included', circleCount);
if (checks && (largest[1] > 25 || past.length > 0 || circleCount > 0)) process.exitCode = 1;

const names = new Map();
for (const [file, text] of texts) {
  for (const [, name] of text.matchAll(
    /^export (?:async )?(?:abstract )?(?:const|function\*?|class|interface|type|enum) ([A-Za-z_$][\w$]*)/gm,
  ))
    names.set(name, [...(names.get(name) ?? []), file]);
}
/** A stand-in of the bundle has the names of the modules that it replaces on purpose, and the same meaning. */
const replaced = (name, place) =>
  [...STAND_INS].find(([original, standIn]) => standIn === place && names.get(name)?.includes(original))?.[0];
/** The child of the sandbox calls the `run` of the task that it is given. */
const TASKS = /^src\/sandbox\/tasks\//;
const meaningOf = (name, place) => {
  const original = replaced(name, place) ?? place;
  return name === 'run' && TASKS.test(original) ? 'task' : original;
};
const doubles = [...names].filter(([name, places]) => new Set(places.map((place) => meaningOf(name, place))).size > 1);
report('exported names with two meanings', doubles.length);
for (const [name, places] of doubles) console.log(`    ${name}: ${places.join(', ')}`);

const again = wireTypesDeclaredAgain(texts);
report('definitions of a wire type', `${again.length} declared more than once`);
for (const one of again) console.log(`    ${one}`);

if (!checks) report('modules that scan loads', loadedByScan());

const rejected = rejectedWords(ROOT);
report('rejected words', rejected.length);
for (const one of rejected) console.log(`    ${one}`);
if (checks && doubles.length + again.length + rejected.length > 0) process.exitCode = 1;

/** Of the program that was built last: `npm run build` joins them to a few files. */
function loadedByScan() {
  const asData = (code) => `data:text/javascript,${encodeURIComponent(code)}`;
  const loader = `import { writeSync } from 'node:fs';
    export async function resolve(specifier, context, next) {
      const found = await next(specifier, context);
      writeSync(2, 'loaded: ' + found.url + '\\n');
      return found;
    }`;
  const hook = asData(`import { register } from 'node:module'; register(${JSON.stringify(asData(loader))});`);
  const model = join(ROOT, 'fixtures/pickle-probes/ok-dict');
  const program = join(ROOT, 'dist/src/cli/main.js');
  const { stderr } = spawnSync(process.execPath, ['--import', hook, program, 'scan', model], { encoding: 'utf8' });
  const loaded = new Set(stderr.split('\n').filter((line) => line.startsWith('loaded: file:')));
  return loaded.size === 0 ? 'unknown: npm run build' : loaded.size;
}

function report(what, value) {
  console.log(`${what.padEnd(34)}${value}`);
}

function list(tree) {
  try {
    return readdirSync(join(ROOT, tree), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}

function importsOf(file) {
  const found = [...texts.get(file).matchAll(/(?:\bfrom\s+|\bimport\()'(\.[^']+)'/g)];
  return found.map(([, path]) => normalize(join(dirname(file), path))).filter((path) => known.has(path));
}

function isWithin(file, folder) {
  return dirname(file) === folder || dirname(file).startsWith(`${folder}/`);
}

/** Groups of modules that import each other, by Tarjan's algorithm. */
function circles() {
  let count = 0;
  const [index, low, stack, open] = [new Map(), new Map(), [], new Set()];
  const visit = (module) => {
    index.set(module, index.size);
    low.set(module, index.get(module));
    stack.push(module);
    open.add(module);
    for (const next of imports.get(module)) {
      if (!index.has(next)) visit(next);
      if (open.has(next)) low.set(module, Math.min(low.get(module), low.get(next)));
    }
    if (low.get(module) !== index.get(module)) return;
    const group = stack.splice(stack.indexOf(module));
    for (const one of group) open.delete(one);
    if (group.length > 1) count++;
  };
  for (const module of files) if (!index.has(module)) visit(module);
  return count;
}
