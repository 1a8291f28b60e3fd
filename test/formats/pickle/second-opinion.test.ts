import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Parser } from 'pickleparser';
import { describe, expect, it, vi } from 'vitest';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { readStream } from '../../../src/formats/pickle/read.ts';
import { SILENT } from '../../../src/formats/pickle/silent.ts';

const BENIGN = new URL('../../../fixtures/benign', import.meta.url).pathname;
const MAX_SIZE = 64 * 1024;

/** Without protocols 0 and 1: pickleparser reads their escapes and OBJ differently from CPython. */
const files = ['stdlib', 'numpy', 'pandas', 'sklearn'].flatMap((library) =>
  readdirSync(join(BENIGN, library), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.p[2-5]\.pkl$/.test(name))
    .map((name) => join(library, name))
    .filter((name) => statSync(join(BENIGN, name)).size < MAX_SIZE),
);

async function ours(bytes: Uint8Array): Promise<string[]> {
  const names = new Set<string>();
  const handler = {
    ...SILENT,
    onImport: (global: { module: string; name: string }) => {
      names.add(`${global.module}.${global.name}`);
      return 0;
    },
  };
  const source = new MemorySource(bytes, 'file');
  await readStream(source, 0, handler, { limits: DEFAULT_LIMITS, signal: undefined });
  return [...names].sort();
}

/** The result of a call: it accepts anything that is put into it. */
class Stand {
  readonly held: unknown[] = [];

  constructor(args: readonly unknown[]) {
    this.held.push(...args);
  }

  push(...items: unknown[]): void {
    this.held.push(...items);
  }

  add(item: unknown): void {
    this.held.push(item);
  }

  set(key: unknown, value: unknown): void {
    this.held.push(key, value);
  }

  __setstate__(state: unknown): void {
    this.held.push(state);
  }

  __setnewargs_ex__(kwargs: unknown): void {
    this.held.push(kwargs);
  }
}

/** The names that pickleparser resolves, and whether it reached the end: it throws on some integers, on memo gaps and on dict keys. */
function theirs(bytes: Uint8Array): { names: string[]; whole: boolean } {
  const names = new Set<string>();
  const resolve = (module: string, name: string) => {
    names.add(`${module}.${name}`);
    return (...args: unknown[]) => new Stand(args);
  };
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const parser = new Parser({
    unpicklingTypeOfDictionary: 'Map',
    unpicklingTypeOfSet: 'Set',
    nameResolver: { resolve },
  });
  let whole = true;
  try {
    parser.parse(bytes);
  } catch {
    whole = false;
  }
  return { names: [...names].sort(), whole };
}

describe('a comparison with pickleparser', () => {
  it('gives the same globals for every file that it reads to the end, and a superset for the others', async () => {
    let agreed = 0;
    for (const file of files) {
      const bytes = readFileSync(join(BENIGN, file));
      const { names, whole } = theirs(bytes);
      const own = await ours(bytes);
      if (whole) expect(names, file).toEqual(own);
      else expect(own, file).toEqual(expect.arrayContaining(names));
      if (whole) agreed++;
    }
    // It stops at integers of more than eight bytes, class methods, and keys of other types.
    expect(agreed).toBeGreaterThan(100);
  });
});
