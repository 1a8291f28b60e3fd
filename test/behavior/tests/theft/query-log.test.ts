import { describe, expect, it } from 'vitest';
import { openOnnxTarget } from '../../../../src/behavior/attacks/onnx-target.ts';
import type { TestData, TestOutcome } from '../../../../src/behavior/tests/kind.ts';
import { Distances } from '../../../../src/behavior/tests/theft/distances.ts';
import { StreamWatch } from '../../../../src/behavior/tests/theft/prada.ts';
import { SeededRandom } from '../../../../src/core/random.ts';
import type { PlainArray } from '../../../../src/formats/arrays/plain-array.ts';
import { modelAt, PRIVACY, privacyData, runKind } from '../../../support/behavior.ts';
import { withModel } from '../../../support/digits.ts';

interface Query {
  readonly client: string;
  readonly time: number;
  readonly input: Float32Array;
}

/** Rows that nobody trained on. */
async function naturalRows(from: number, to: number): Promise<Float32Array[]> {
  const tensor = (await privacyData('non-members')).feeds.tensors.get('X');
  if (tensor?.type !== 'float32') throw new Error('no rows');
  return Array.from({ length: to - from }, (_, at) => tensor.data.slice((from + at) * 64, (from + at + 1) * 64));
}

/** Queries that are made from the answers to earlier ones: each moved along the sign of its gradient (Papernot et al. 2017). */
async function augmented(seeds: number, rounds: number): Promise<Float32Array[]> {
  const model = await modelAt(`${PRIVACY}mlp.onnx`);
  const target = await openOnnxTarget({
    model,
    input: 'X',
    shape: [64],
    output: 'probabilities',
    scores: 'probabilities',
  });
  try {
    let all = await naturalRows(0, seeds);
    for (let round = 0; round < rounds; round++) {
      const inputs = Float32Array.from(all.flatMap((row) => [...row]));
      const scores = await target.forward(inputs);
      const classes = Int32Array.from(all, (_, row) => {
        const own = scores.subarray(row * 10, (row + 1) * 10);
        return own.indexOf(Math.max(...own));
      });
      const { gradient } = await target.gradient({ inputs, loss: 'cross-entropy', classes });
      const moved = all.map((row, at) =>
        row.map((value, i) => Math.min(1, Math.max(0, value + 0.05 * Math.sign(gradient[at * 64 + i] ?? 0)))),
      );
      all = [...all, ...moved];
    }
    return all;
  } finally {
    await target.close();
  }
}

function noise(count: number): Float32Array[] {
  const random = new SeededRandom(1);
  return Array.from({ length: count }, () => Float32Array.from({ length: 64 }, () => random.unit()));
}

const asked = (client: string, rows: readonly Float32Array[], from = 0): Query[] =>
  rows.map((input, at) => ({ client, time: from + at, input }));

function texts(values: readonly string[]): PlainArray {
  return { kind: 'texts', dims: [values.length], values };
}

function logOf(queries: readonly Query[]): TestData {
  const data = Float32Array.from(queries.flatMap(({ input }) => [...input]));
  const dims = [queries.length, 64];
  return {
    name: 'log',
    feeds: { tensors: new Map([['X', { type: 'float32', dims, data }]]), rows: queries.length, rounded: false },
    labels: undefined,
    expected: undefined,
    columns: new Map<string, PlainArray>([
      ['client', texts(queries.map(({ client }) => client))],
      ['time', { kind: 'numbers', dims: [queries.length], values: Float64Array.from(queries, ({ time }) => time) }],
    ]),
  };
}

async function judge(data: TestData, options: Record<string, unknown> = {}, natural = false): Promise<TestOutcome> {
  const others = natural ? new Map([['natural', await privacyData('members')]]) : new Map<string, TestData>();
  return await withModel(await modelAt(`${PRIVACY}mlp.onnx`), data, (model) =>
    runKind('query-log', natural ? { natural: 'members', ...options } : options, { model, data, others }),
  );
}

describe('a log', () => {
  it('of honest clients passes', async () => {
    const rows = await naturalRows(0, 900);
    const log = logOf([...asked('a', rows.slice(0, 450)), ...asked('b', rows.slice(450), 0.5)]);
    const { measures, notes, skipped, figures } = await judge(log, {}, true);
    expect(measures[0]).toMatchObject({ value: 0, max: 0, pass: true });
    expect(measures.find(({ name }) => name === 'clients')?.value).toBe(2);
    expect([notes, skipped]).toEqual([[], undefined]);
    expect(figures?.[0]).toMatchObject({ kind: 'curve', lines: [{ name: 'all clients together' }] });
  });

  it('of a client that makes queries from earlier ones names it, among honest ones', async () => {
    const honest = asked('honest', await naturalRows(400, 800));
    const outcome = await judge(logOf([...asked('thief', await augmented(50, 3)), ...honest]));
    expect(outcome.measures[0]).toMatchObject({ pass: false });
    const own = outcome.notes?.filter((note) => note.startsWith('client'));
    expect(own).toEqual([
      expect.stringMatching(
        /^client "thief": from query 1\d\d, distances between queries are not natural \(W 0\.\d+\)$/,
      ),
    ]);
  });

  it('of noise is told by its distance to natural rows alone', async () => {
    const log = logOf([...asked('noise', noise(300)), ...asked('honest', await naturalRows(0, 400))]);
    expect((await judge(log)).measures[0]).toMatchObject({ value: 0, pass: true });
    const { measures, notes } = await judge(log, {}, true);
    expect(measures[0]).toMatchObject({ pass: false });
    expect(notes).toContain('client "noise": from query 20, more than 50 % of the queries are far from natural rows');
    expect(notes?.join()).not.toContain('honest');
  });

  it('of a thief with a name for each query is told by all clients together', async () => {
    const spread = (rows: readonly Float32Array[]) =>
      rows.map((input, time) => ({ client: `client ${time}`, time, input }));
    const made = await judge(logOf(spread(await augmented(50, 3))));
    expect(made.measures[0]).toMatchObject({ value: 1, pass: false });
    expect(made.notes).toEqual([expect.stringMatching(/^all clients together: from query 1\d\d, distances/)]);
    const drawn = await judge(logOf(spread(noise(60))), {}, true);
    expect(drawn.notes).toEqual([
      'all clients together: from query 20, more than 50 % of the queries are far from natural rows',
    ]);
  });

  it('is read in the order of its times', async () => {
    const queries = asked('thief', await augmented(50, 3));
    const [straight, turned] = [await judge(logOf(queries)), await judge(logOf([...queries].reverse()))];
    expect(turned.notes).toEqual(straight.notes);
  });

  it('that is short, or has one query again and again, proves nothing', async () => {
    const rows = await naturalRows(0, 60);
    expect((await judge(logOf(asked('a', rows)))).skipped).toBe('60 queries are too few, or too alike, to be judged');
    const [first] = rows;
    const same = asked('a', new Array<Float32Array>(5_000).fill(first ?? new Float32Array(64)));
    expect((await judge(logOf(same))).skipped).toBe('5000 queries are too few, or too alike, to be judged');
  });

  it('of many clients is read', async () => {
    const [first = new Float32Array(64)] = await naturalRows(0, 1);
    const many = Array.from({ length: 20_000 }, (_, time) => ({ client: `client ${time}`, time, input: first }));
    const { measures, skipped } = await judge(logOf(many));
    expect(measures.find(({ name }) => name === 'clients')?.value).toBe(20_000);
    expect(skipped).toContain('too alike');
  });

  const columns = (more: Record<string, PlainArray | undefined>): ReadonlyMap<string, PlainArray> => {
    const { client = texts(['a', 'b']), time = texts(['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z']) } = more;
    return new Map([
      ['client', client],
      ['time', time],
    ]);
  };

  it.each<[string, ReadonlyMap<string, PlainArray>, string]>([
    ['no clients', new Map(), 'the data "log" has no column "client"'],
    ['clients for other rows', columns({ client: texts(['a']) }), 'the column "client" of "log" has the shape [1]'],
    [
      'times that are not',
      columns({ time: texts(['2026-01-01T00:00:00Z', 'soon']) }),
      'row 1 of "log" has a time that',
    ],
    [
      'times that are not finite',
      columns({ time: { kind: 'numbers', dims: [2], values: Float64Array.of(Number.NaN, 1) } }),
      'row 0 of "log" has a time that',
    ],
  ])('refuses %s', async (_, given, message) => {
    const log = logOf(asked('a', await naturalRows(0, 2)));
    await expect(judge({ ...log, columns: given })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(message),
    });
    expect((await judge({ ...log, columns: columns({}) })).skipped).toContain('too few');
  });
});

describe('the bounds', () => {
  const rows = { rows: 4, width: 1, values: Float64Array.of(0, 1, 5, 6) };

  it('end the work, and what was not seen is not judged', () => {
    const distances = new Distances(rows, 3);
    expect(distances.nearest(2, [0, 1])).toBe(4);
    expect(distances.nearest(3, [0, 1])).toBeUndefined();
    expect(distances.isSpent).toBe(true);
    const watch = new StreamWatch(distances, 1);
    expect([watch.see(0, 'a'), watch.see(1, 'a'), watch.isJudged]).toEqual([true, false, false]);
  });

  it('equal distances are as far from normal as can be', () => {
    const line = { rows: 40, width: 1, values: Float64Array.from({ length: 40 }, (_, at) => at) };
    const watch = new StreamWatch(new Distances(line), 20);
    for (let row = 0; row < 40; row++) watch.see(row, 1n);
    expect(watch.alarm(0.9)).toEqual({ queries: 22, w: 0 });
  });
});
