import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VERDICTS, type Verdict } from '../../../src/core/assessment/verdict.ts';
import { FileSource } from '../../../src/core/bytes/file-source.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { type FileScanResult, scanSource } from '../../../src/pipeline/file-scan.ts';
import { createGlobalPolicy } from '../../../src/scan/lists/globals.ts';

const PROBES = new URL('../../../fixtures/pickle-probes', import.meta.url).pathname;

interface Probe {
  readonly id: string;
  readonly file: string;
  readonly expected: 'clean' | 'suspicious' | 'malicious';
  readonly executed?: boolean;
  readonly note?: string;
}

const probes = JSON.parse(readFileSync(join(PROBES, 'truth.json'), 'utf8')) as Probe[];

async function scan(probe: Probe, dangerousNames: boolean): Promise<FileScanResult> {
  const source = FileSource.open(join(PROBES, probe.file));
  try {
    // The path is the same for all, so that no verdict depends on the name of a probe.
    return await scanSource(source, {
      path: `model${probe.file.slice(probe.file.lastIndexOf('.'))}`,
      limits: DEFAULT_LIMITS,
      signal: new AbortController().signal,
      globals: createGlobalPolicy({ dangerousNames }),
      distance: 'near',
      onNames: () => undefined,
    });
  } finally {
    await source.close();
  }
}

const atLeast = (verdict: Verdict, floor: Verdict) => VERDICTS.indexOf(verdict) >= VERDICTS.indexOf(floor);

describe('the pickle probes', () => {
  it('are all present', () => {
    expect(probes).toHaveLength(178);
  });

  describe.each(probes)('$id', (probe) => {
    it(`is ${probe.expected}`, async () => {
      const result = await scan(probe, true);
      if (probe.expected === 'clean') expect(result).toMatchObject({ verdict: 'clean', findings: [], reasons: [] });
      else expect(atLeast(result.verdict, probe.expected), `${result.verdict}: ${result.reasons}`).toBe(true);
      if (probe.executed === true) {
        expect(result.verdict).toBe('malicious');
        expect(result.findings.some((finding) => finding.severity === 'critical')).toBe(true);
      }
    });

    if (probe.expected === 'clean') return;

    it('are not clean without the list of dangerous names', async () => {
      expect((await scan(probe, false)).verdict).not.toBe('clean');
    });
  });
});
