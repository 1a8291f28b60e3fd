import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Excerpts } from '../../../../src/cli/commands/review/excerpts.ts';
import { OpcodeWindows } from '../../../../src/cli/commands/review/opcode-windows.ts';
import { MemorySource } from '../../../../src/core/bytes/byte-source.ts';
import { AssayError } from '../../../../src/core/errors.ts';
import { PICKLE } from '../../../../src/formats/pickle/format.ts';
import { ANY_LOADER } from '../../../../src/formats/pickle/loaders.ts';
import type { Excerpt } from '../../../../src/report/index.ts';
import { CALL_RULE, finding } from '../../../report/sample.ts';
import { mutate, Random, randomProgram } from '../../../support/pickle-programs.ts';

const OTHER = { ...PICKLE, id: 'other' };

function findingsAt(offsets: readonly number[]) {
  return offsets.map((offset) => finding(CALL_RULE, { file: 'f', offset, evidence: String(offset) }));
}

async function excerptsOf(source: MemorySource, format: typeof PICKLE, offsets: readonly number[]): Promise<Excerpt[]> {
  const excerpts = new Excerpts(new AbortController().signal);
  const findings = findingsAt(offsets);
  await excerpts.onTarget(
    { source, format, file: 'f', depth: 0, loaders: ANY_LOADER, distance: 'near' },
    format.id,
    undefined,
    findings,
  );
  return findings.flatMap(({ fingerprint }) => excerpts.taken.get(fingerprint) ?? []);
}

describe('windows of an opcode listing', () => {
  it('are the lines around each offset, for any listing', () => {
    const listing = fc.array(fc.nat(5), { maxLength: 40 }).map((steps) => {
      let at = 0;
      return steps.map((step) => {
        at += step;
        return at;
      });
    });
    fc.assert(
      fc.property(listing, fc.array(fc.nat(120), { maxLength: 6 }), (offsets, wanted) => {
        const windows = new OpcodeWindows(wanted, 1_000, () => {});
        for (const [i, offset] of offsets.entries()) windows.line(`${String(offset).padStart(10)}  line ${i}`);
        const taken = windows.excerpts();
        for (const at of wanted) {
          const here = offsets.findLastIndex((offset) => offset <= at);
          const excerpt = taken.get(at);
          const beyond = here === offsets.length - 1 && at > (offsets.at(-1) ?? -1);
          if (here < 0 || beyond) expect(excerpt).toBeUndefined();
          else {
            const lines = offsets.slice(Math.max(0, here - 6), here + 6).map((offset) => ({ offset }));
            expect(excerpt).toMatchObject({ kind: 'opcodes', at, lines });
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('report when no further line is needed', () => {
    let enough = 0;
    const windows = new OpcodeWindows([3], 1_000, () => enough++);
    for (let i = 0; i < 9; i++) windows.line(`${String(i).padStart(10)}  NONE`);
    expect(enough).toBe(1);
    const capped = new OpcodeWindows([1e9], 5, () => enough++);
    for (let i = 0; i < 5; i++) capped.line(`${String(i).padStart(10)}  NONE`);
    expect(enough).toBe(2);
  });
});

describe('excerpts', () => {
  it('quote up to 64 bytes around an offset, including the offset', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 300 }), fc.nat(300), async (size, offset) => {
        const bytes = Uint8Array.from({ length: size }, (_, i) => i % 251);
        const [excerpt] = await excerptsOf(new MemorySource(bytes, 'f'), OTHER, [Math.min(offset, size)]);
        if (excerpt?.kind !== 'hex') throw new Error('no hex dump');
        expect(excerpt.start % 8).toBe(0);
        expect(excerpt.bytes).toEqual(bytes.slice(excerpt.start, excerpt.start + 64));
        const last = Math.min(offset, size - 1);
        expect(excerpt.start).toBeLessThanOrEqual(last);
        expect(excerpt.start + excerpt.bytes.length).toBeGreaterThan(last);
      }),
    );
  });

  it('do not fail on hostile bytes, and quote each finding', async () => {
    const random = new Random(7);
    for (let seed = 0; seed < 300; seed++) {
      const program = mutate(randomProgram(seed), random);
      const offsets = [0, 1, Math.floor(program.length / 2), program.length].filter(
        (at, i, all) => all.indexOf(at) === i,
      );
      const excerpts = await excerptsOf(new MemorySource(program, 'f'), PICKLE, offsets);
      expect(excerpts).toHaveLength(program.length === 0 ? excerpts.length : offsets.length);
    }
  });

  it('give the reason when bytes cannot be read, and stop when they are aborted', async () => {
    const broken = new MemorySource(new Uint8Array(100), 'f');
    broken.read = async () => {
      throw new AssayError('changed', 'changed while it was read');
    };
    expect(await excerptsOf(broken, OTHER, [3])).toEqual([{ kind: 'none', why: 'changed while it was read' }]);
    expect(await excerptsOf(new MemorySource(new Uint8Array(0), 'f'), OTHER, [0])).toEqual([
      { kind: 'none', why: 'there are no bytes' },
    ]);
    const stopped = new Excerpts(AbortSignal.abort());
    const target = {
      source: new MemorySource(Uint8Array.of(0x4e, 0x2e), 'f'),
      format: PICKLE,
      file: 'f',
      depth: 0,
      loaders: ANY_LOADER,
    };
    await expect(
      stopped.onTarget({ ...target, distance: 'near' }, 'pickle', undefined, findingsAt([0])),
    ).rejects.toMatchObject({ code: 'aborted' });
  });
});
