import { afterAll, describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { assess } from '../../../src/pipeline/assess.ts';
import { ParserPool } from '../../../src/pipeline/parsers/index.ts';
import { artifactOf, fileFrom, memoryFile, SlowSource } from '../../support/artifacts.ts';
import { PAYLOAD } from '../../support/containers.ts';
import { frames, hostileFiles, keptItems } from '../../support/hostile-files.mjs';
import { until } from '../../support/until.ts';

const CLEAN = Buffer.from('\x80\x02}q\x00X\x01\x00\x00\x00aK\x01s.', 'latin1');
const pools: ParserPool[] = [];

function poolOf(count: number): ParserPool {
  const pool = new ParserPool(count);
  pools.push(pool);
  return pool;
}

afterAll(() => Promise.all(pools.map((pool) => pool.close())));

describe('parsers', () => {
  it('that exceed their heap make only their file unknown, which is still hashed', async () => {
    const limits = { ...DEFAULT_LIMITS, maxParserHeap: 48, maxFileMemory: 2 ** 40, maxScanMemory: 2 ** 41 };
    const files = [
      memoryFile('a.pkl', CLEAN),
      memoryFile('heap.pkl', keptItems(10_000_000)),
      memoryFile('z.pkl', PAYLOAD),
    ];
    const { files: assessed, status } = await assess(artifactOf(files), { limits, parsers: poolOf(1) });
    expect(assessed.map(({ path, verdict }) => [path, verdict])).toEqual([
      ['a.pkl', 'clean'],
      ['heap.pkl', 'unknown'],
      ['z.pkl', 'malicious'],
    ]);
    expect(assessed[1]?.reasons).toEqual(['needs more than 48 MiB of heap (maxParserHeap)']);
    expect(assessed[1]?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(status).toBe('complete');
  });

  it('stop on an abort signal in any state, and new ones replace them', async () => {
    const parsers = poolOf(1);
    const stop = new AbortController();
    // So many units of work that no machine completes them during the test.
    const limits = { ...DEFAULT_LIMITS, fileWorkBase: 1e15, maxFileWork: 1e15, maxReadings: 1e6, maxForks: 1e6 };
    const hot = memoryFile('hot.pkl', frames('straddled', 4_000_000));
    const stopped = assess(artifactOf([hot]), { parsers, signal: stop.signal, limits });
    stopped.catch(() => undefined);
    await until('the file is parsed', () => parsers.parsing === 1);
    stop.abort();
    await expect(stopped).rejects.toMatchObject({ code: 'aborted' });
    const { files } = await assess(artifactOf([memoryFile('a.pkl', CLEAN)]), { parsers });
    expect(files).toMatchObject([{ verdict: 'clean' }]);
  });

  it('read a source of the caller through the caller', async () => {
    const slow = new SlowSource(PAYLOAD);
    const far = fileFrom('far.pkl', PAYLOAD.length, async () => slow, { distance: 'far' });
    const { files } = await assess(artifactOf([far]), { parsers: poolOf(1) });
    expect(files).toMatchObject([{ verdict: 'malicious', imports: ['os.system'], digestBasis: 'none' }]);
    expect(slow.calls.slice(-2)).toEqual(['unchanged', 'close']);
  });

  it('pass on an error of a read, and a defect unchanged', async () => {
    const broken = new SlowSource(PAYLOAD, () => Promise.reject(new TypeError('a defect')));
    const file = fileFrom('far.pkl', PAYLOAD.length, async () => broken, { distance: 'far' });
    await expect(assess(artifactOf([file]), { parsers: poolOf(1) })).rejects.toThrow(TypeError);
  });

  it('pass each scanned target to the caller while it can be read', async () => {
    const seen: unknown[] = [];
    await assess(artifactOf([memoryFile('a.pkl', PAYLOAD)]), {
      parsers: poolOf(1),
      onTarget: async ({ source, format, file }, id, _storedAt, findings) => {
        const head = Buffer.from(await source.read(0, 2)).toString('latin1');
        seen.push([file, format.id, id, head, findings.map(({ ruleId }) => ruleId)]);
      },
    });
    expect(seen).toEqual([
      ['a.pkl', 'pickle', 'pickle', PAYLOAD.subarray(0, 2).toString('latin1'), ['pickle.global.dangerous']],
    ]);
    const fails = assess(artifactOf([memoryFile('a.pkl', PAYLOAD)]), {
      parsers: poolOf(1),
      onTarget: () => Promise.reject(new RangeError('who is shown it fails')),
    });
    await expect(fails).rejects.toThrow(RangeError);
  });
});

describe('an artifact of a thousand hostile files', () => {
  it('gets a verdict for each file, and benign files keep theirs', async () => {
    const hostile = hostileFiles(6_000).map(({ name, make }) => ({ name, bytes: make() }));
    const files = Array.from({ length: 1_000 }, (_, i) => {
      const { name, bytes } = hostile[i % hostile.length] ?? { name: '', bytes: CLEAN };
      return memoryFile(`${String(i).padStart(4, '0')}/${name}`, bytes);
    });
    const good = Array.from({ length: 50 }, (_, i) => memoryFile(`good/${i}.pkl`, i % 2 === 0 ? CLEAN : PAYLOAD));
    const parsers = poolOf(2);
    const { files: assessed, status } = await assess(artifactOf([...files, ...good]), { parsers });
    expect(status).toBe('complete');
    expect(assessed).toHaveLength(1_050);
    for (let i = 0; i < 50; i++) {
      const verdict = assessed.find(({ path }) => path === `good/${i}.pkl`)?.verdict;
      expect(verdict).toBe(i % 2 === 0 ? 'clean' : 'malicious');
    }
    // The path of a file changes neither its verdict nor the parser that gets it.
    const verdicts = new Map<string, Set<string>>();
    for (const { path, verdict } of assessed.filter(({ path }) => !path.startsWith('good/'))) {
      const name = path.slice(5);
      verdicts.set(name, (verdicts.get(name) ?? new Set()).add(verdict));
    }
    for (const [name, told] of verdicts) expect([name, told.size]).toEqual([name, 1]);
  });
});
