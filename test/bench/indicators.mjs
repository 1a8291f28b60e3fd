// The search for secrets and signs of theft beside the scan of the same text, and beside reading it, in one process.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { claim } from './measure.mjs';

const RUNS = 5;

/** @param {{ data: string, dist: string }} where the made files are, and the built program */
export async function benchIndicators({ data, dist }) {
  const load = (path) => import(pathToFileURL(join(dist, path)).href);
  const { searchIndicators } = await load('scan/indicators/search.js');
  const { scanSource } = await load('pipeline/file-scan.js');
  const { createGlobalPolicy } = await load('scan/lists/globals.js');
  const { MemorySource } = await load('core/bytes/byte-source.js');
  const { DEFAULT_LIMITS } = await load('core/limits.js');
  const { identifyFormat, probeOf, refineText } = await load('formats/identify.js');
  const folder = join(data, 'indicators');
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(texts())) {
    const path = join(folder, name);
    writeFileSync(path, text);
    const bytes = readFileSync(path);
    const source = new MemorySource(bytes, path);
    const signal = new AbortController().signal;
    const settings = {
      path: name,
      limits: DEFAULT_LIMITS,
      signal,
      globals: createGlobalPolicy(),
      distance: 'near',
      onNames() {},
    };
    const format = refineText(name, identifyFormat(await probeOf(source)));
    const { FileBudget } = await load('core/budget.js');
    const context = {
      signal,
      limits: DEFAULT_LIMITS,
      budget: new FileBudget(DEFAULT_LIMITS, Number.MAX_SAFE_INTEGER),
      report() {},
    };
    const target = { source, format, file: name, depth: 0, loaders: 0, distance: 'near' };
    const whole = await best(() => scanSource(source, settings));
    const search = await best(() => searchIndicators(target, [{ start: 0, end: bytes.length }], context));
    const read = await best(async () => readFileSync(path));
    const rate = (ms) => `${(bytes.length / 1000 / ms).toFixed(0)} MB/s`;
    claim(
      `scan of ${name} with the search for secrets, of the time without`,
      whole / Math.max(whole - search, 0.001),
      { atMost: 1.3 },
      `(search ${rate(search)}, the whole scan ${rate(whole)}, reading ${rate(read)})`,
    );
  }
}

async function best(work) {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < RUNS; i++) {
    const start = performance.now();
    await work();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

/** A tokenizer, a card and a list of words, about as large as those of published models. */
function texts() {
  let seed = 1;
  const random = () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return seed;
  };
  const letters = 'etaoinshrdlucmfwypvbgkjqxz';
  const word = () =>
    Array.from({ length: 2 + (random() % 9) }, () => letters[(random() % 26) & (random() % 26)]).join('');
  const words = Array.from({ length: 60_000 }, word);
  const vocab = Object.fromEntries(words.map((one, i) => [`${i % 3 === 0 ? 'Ġ' : ''}${one}`, i]));
  const merges = words.slice(1).map((one, i) => `${words[i]} ${one}`);
  const prose = Array.from(
    { length: 4_000 },
    () => `${Array.from({ length: 60 }, () => words[random() % 60_000]).join(' ')}.`,
  );
  return {
    'tokenizer.json': JSON.stringify({ version: '1.0', model: { type: 'BPE', vocab, merges } }, null, 2),
    'README.md': `# Model\n\n${prose.join('\n\n')}\n`,
    'vocab.txt': words.join('\n'),
  };
}
