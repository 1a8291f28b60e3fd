import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { scanSource } from '../../../src/pipeline/file-scan.ts';
import { createGlobalPolicy } from '../../../src/scan/lists/globals.ts';
import { Random } from '../../support/pickle-programs.ts';

const MODULES = new URL('../../../node_modules', import.meta.url).pathname;
const FILES = 20_000;
const MAX_BYTES = 65_536;
const LISTS = 2_000;
const WORDS = [
  ...([
    'cat',
    'cup',
    'in',
    'is',
    'it',
    'call',
    'class',
    'config',
    'cos',
    'sin',
    'cmath',
    'the',
    'of',
    'and',
    'I1',
  ] as const),
  ...(['Very', 'The', 'P', 'N', 'S', 't', 'o', 'b', 'R', '.', 'a', 'e', 'u', 's', 'd', 'l'] as const),
] as const;

/** Files of the packages that this project installs: source code, prose, JSON, source maps, images, fonts. */
function* filesIn(folder: string): Generator<string> {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    else if (entry.isFile()) yield path;
  }
}

const globals = createGlobalPolicy();

/** The findings and reasons that bytes get because they could be a pickle. */
async function saidOf(name: string, bytes: Uint8Array): Promise<string[]> {
  const { format, findings, readings } = await scanSource(new MemorySource(bytes, name), {
    path: name,
    limits: DEFAULT_LIMITS,
    signal: new AbortController().signal,
    globals,
    distance: 'near',
    onNames: () => undefined,
  });
  const said = findings.filter(({ ruleId }) => ruleId.startsWith('pickle.') || ruleId === 'format.polyglot');
  return [
    ...said.map(({ ruleId, message }) => `${name}: ${ruleId} ${message}`),
    ...(format === 'pickle' || readings.length > 0 ? [`${name}: is ${format}, and has readings`] : []),
  ];
}

it(`${FILES} files that are not pickles give no pickle finding`, { timeout: 1_800_000 }, async () => {
  const said: string[] = [];
  let files = 0;
  for (const path of filesIn(MODULES)) {
    if (files === FILES) break;
    const bytes = readFileSync(path);
    if (bytes.length > MAX_BYTES) continue;
    files++;
    said.push(...(await saidOf(path.slice(MODULES.length + 1), bytes)));
  }
  expect(files).toBe(FILES);
  expect(said).toEqual([]);
});

it(`${LISTS} word lists give no pickle finding, except those that contain Python names`, async () => {
  const told: string[] = [];
  for (let seed = 0; seed < LISTS; seed++) {
    const random = new Random(seed);
    const words = Array.from({ length: 1 + random.below(40) }, () => random.pick(WORDS));
    const text = `${words.join('\n')}\n`;
    if ((await saidOf('vocab.txt', Buffer.from(text))).length > 0) told.push(text);
  }
  expect(told.length).toBeGreaterThan(0);
  expect(told.filter((text) => !/cmath\n(?:sin|cos|e)\n/.test(text))).toEqual([]);
});
