import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VERDICTS, type Verdict } from '../../../src/core/assessment/verdict.ts';
import { FileSource } from '../../../src/core/bytes/file-source.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { type FileScanResult, scanSource } from '../../../src/pipeline/file-scan.ts';
import { createGlobalPolicy } from '../../../src/scan/lists/globals.ts';
import type { ReadingTruth } from '../../oracles/truth.ts';

const PROBES = new URL('../../../fixtures/loader-probes', import.meta.url).pathname;

interface Probe {
  readonly id: string;
  readonly file: string;
  readonly expected: 'clean' | 'not-assessed' | 'suspicious' | 'malicious';
}

interface Truth {
  readonly id: string;
  readonly readings: readonly ReadingTruth[];
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(join(PROBES, name), 'utf8')) as T;
}

const probes = read<readonly Probe[]>('probes.json');
const truth = new Map(read<readonly Truth[]>('truth.json').map(({ id, readings }) => [id, readings]));

async function scan({ file }: Probe): Promise<FileScanResult> {
  const source = FileSource.open(join(PROBES, file));
  try {
    return await scanSource(source, {
      path: basename(file),
      limits: DEFAULT_LIMITS,
      signal: new AbortController().signal,
      globals: createGlobalPolicy(),
      distance: 'near',
      onNames: () => undefined,
    });
  } finally {
    await source.close();
  }
}

const atLeast = (verdict: Verdict, floor: Verdict) => VERDICTS.indexOf(verdict) >= VERDICTS.indexOf(floor);

/** The names in files that the probe refers to, and what the loading program registered, are not in the file. */
const ELSEWHERE = /^(?:joblib-(?:nd|znd)|diff-extension)/;

describe('the loader probe', () => {
  it.each(probes)('$id is $expected', async (probe) => {
    const result = await scan(probe);
    const shown = `${result.verdict}: ${[...result.reasons, ...result.findings.map(({ message }) => message)].join('; ')}`;
    if (probe.id.startsWith('benign-')) expect(result.verdict, shown).toBe(probe.expected);
    else expect(atLeast(result.verdict, probe.expected), shown).toBe(true);
  });

  it.each(probes)('$id has a reading with the behaviour of each loader', async (probe) => {
    const result = await scan(probe);
    for (const { loader, live, resolved = [], failed = [], called = [], changed = [] } of truth.get(probe.id) ?? []) {
      if (!live) continue;
      const reading = result.readings.find((each) => each.loader === loader);
      expect(reading, `a reading of ${loader}`).toBeDefined();
      // Some files end right after a listed name, with a form that other loaders accept.
      const unlisted = resolved.filter((name) => name !== 'builtins.list');
      if (probe.expected !== 'clean' && [unlisted, failed, called, changed].some(({ length }) => length > 0))
        expect(reading?.verdict, loader).not.toBe('clean');
      if (!ELSEWHERE.test(probe.id)) expect(reading?.imports, loader).toEqual(expect.arrayContaining([...resolved]));
    }
  });
});
