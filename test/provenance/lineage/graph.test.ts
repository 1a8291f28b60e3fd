import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AttestedTraining, TrainingInput } from '../../../src/core/lineage/training.ts';
import { type AskBase, followBases } from '../../../src/provenance/lineage/bases.ts';
import { provenanceCheck } from '../../../src/provenance/lineage/check.ts';
import type { Entity, LineageDocument } from '../../../src/provenance/lineage/document.ts';
import { compareBytes, type HashedHandFile, type LyingThere } from '../../../src/provenance/lineage/found.ts';
import { joinLineage, type LineageInputs } from '../../../src/provenance/lineage/graph.ts';
import { D1, D2, read } from './documents.ts';

const hex = (byte: number) => byte.toString(16).padStart(2, '0').repeat(32);
const hand = (path: string, byte: number): HashedHandFile => ({
  path,
  size: 10,
  sha256: hex(byte),
  md5: hex(byte).slice(0, 32),
});

const MODEL = { name: 'm.onnx', files: [hand('m.onnx', 0xa1)] };
const TRAIN = hand('train.csv', 0xd1);

const data = (sha256 = D1, name = 'data/train.csv'): TrainingInput => ({
  role: 'data',
  name,
  uri: null,
  digests: { sha256 },
});
const attested = (change: Partial<AttestedTraining> = {}): AttestedTraining => ({
  name: 'run.json',
  signer: 'ci',
  run: 'r1',
  at: null,
  model: [{ path: 'm.onnx', sha256: hex(0xa1) }],
  inputs: [data()],
  ...change,
});

function judged(change: Partial<LineageInputs> = {}) {
  const inputs = { model: MODEL, data: [TRAIN], documents: [], found: new Map(), trainings: [], ...change };
  const edges = joinLineage(inputs);
  const { status, detail } = provenanceCheck(edges, inputs);
  const { nodes, edges: shown, notes } = edges.done();
  const name = (id: string | null) => nodes.find((node) => node.id === id)?.name ?? 'nothing';
  const lines = shown.map(({ from, relation, to, status: held }) => `${name(from)} ${relation} ${name(to)}: ${held}`);
  return { said: `${status}: ${detail}`, lines, notes };
}

describe('the lineage of a model', () => {
  it('is verified by one signature over the model and the data', () => {
    const { said, lines } = judged({ trainings: [attested({ inputs: [{ ...data(), uri: 's3://acme/t.csv' }] })] });
    expect(said).toBe('pass: "ci" signed it: r1 had 1 file of data, 1 of them at hand');
    expect(lines).toEqual([
      'm.onnx trained by r1: verified',
      'r1 trained on train.csv: verified',
      'train.csv comes from s3://acme/t.csv: claimed',
    ]);
  });

  it('is absent where nobody says anything', () => {
    const { said, lines } = judged();
    expect(said).toMatch(/^not-assessed: no trusted signer attests a training run/);
    expect(lines).toEqual(['m.onnx trained by nothing: absent', 'train.csv comes from nothing: absent']);
  });

  it('is not that of a statement about another model', () => {
    const other = attested({ model: [{ path: 'm.onnx', sha256: D2 }] });
    const { said, lines, notes } = judged({ trainings: [other] });
    expect(said).toBe('not-assessed: no attested run wrote the whole of m.onnx');
    expect(lines).toContain('m.onnx trained by nothing: absent');
    expect(notes).toEqual(['run.json is about another model than m.onnx']);
  });

  it('is broken by the right model with other data of that name', () => {
    const { said, lines } = judged({ trainings: [attested({ inputs: [data(D2)] })] });
    expect(said).toBe(`fail: r1 the run had other bytes of that name: sha256:${D2} (run.json)`);
    expect(lines[0]).toBe('r1 trained on train.csv: mismatched');
  });

  it('is open for data that the run did not have', () => {
    const { said } = judged({ data: [TRAIN, hand('more.csv', 0xe1)], trainings: [attested()] });
    expect(said).toBe('not-assessed: the run is not said to have had more.csv');
  });

  it('passes without data at hand, and says so', () => {
    expect(judged({ data: [], trainings: [attested()] }).said).toBe(
      'pass: "ci" signed it: r1 had 1 file of data, none of it at hand',
    );
  });

  it('is claimed without the model', () => {
    const { said, lines } = judged({ model: null, trainings: [attested()] });
    expect(said).toBe('not-assessed: the model is not at hand: give it (--model)');
    expect(lines).toContain('r1 trained on train.csv: claimed');
  });

  it('is not verified for a file that the run did not write', () => {
    const model = { name: 'm', files: [...MODEL.files, hand('adapter.onnx', 0xb1)] };
    const { said, lines } = judged({ model, trainings: [attested()] });
    expect(said).toBe('not-assessed: no attested run wrote the whole of m');
    expect(lines).toContain('m trained by r1: claimed');
  });

  it('is broken by two statements that name other bytes of one address', () => {
    const uri = 's3://acme/t.csv';
    const other = attested({ name: 'b.json', inputs: [data(), { ...data(D2, 'x'), uri }] });
    const { said } = judged({ trainings: [attested({ inputs: [{ ...data(), uri }] }), other] });
    expect(said).toMatch(/^fail: train\.csv run\.json and b\.json say other bytes of s3:\/\/acme\/t\.csv/);
  });

  it('keeps the bounds of what is shown, and counts in full', () => {
    const many = Array.from({ length: 6000 }, (_, i) => data(i.toString(16).padStart(64, '0'), `f${i}`));
    const { said, lines, notes } = judged({ trainings: [attested({ inputs: [data(), ...many] })] });
    expect(said).toBe('pass: "ci" signed it: r1 had 6001 files of data, 1 of them at hand');
    expect(lines.length).toBeLessThanOrEqual(5000);
    expect(notes).toEqual([expect.stringMatching(/^the lineage has more than is shown/)]);
  });
});

async function manifest(change = ''): Promise<LineageDocument> {
  return read(
    `version: 1\nrun: hand\nmodel: [{path: m.onnx}]\ndata: [{path: train.csv, sha256: ${D1}}]\n${change}`,
    'm.yaml',
  );
}

function lying(
  document: LineageDocument,
  files: Readonly<Record<string, LyingThere>>,
): ReadonlyMap<Entity, LyingThere> {
  return new Map(
    document.entities.flatMap((entity) =>
      entity.path === null ? [] : [[entity, files[entity.path] ?? { kind: 'missing' }]],
    ),
  );
}

const AT_HAND: Readonly<Record<string, LyingThere>> = {
  'm.onnx': { kind: 'file', file: hand('m.onnx', 0xa1) },
  'train.csv': { kind: 'file', file: TRAIN },
};

describe('what documents without a signature say', () => {
  it('is claimed, and does not pass', async () => {
    const document = await manifest();
    const { said, lines } = judged({ documents: [document], found: lying(document, AT_HAND) });
    expect(said).toMatch(/^not-assessed: no trusted signer/);
    expect(lines).toEqual([
      'train.csv describes nothing: claimed',
      'm.onnx trained by hand: claimed',
      'hand trained on train.csv: claimed',
      'm.onnx describes nothing: absent',
      'train.csv comes from nothing: absent',
    ]);
  });

  it.each<[string, LyingThere, string, string]>([
    ['other bytes', { kind: 'file', file: hand('train.csv', 0xe1) }, 'mismatched', 'fail'],
    ['nothing', { kind: 'missing' }, 'absent', 'pass'],
    ['a link', { kind: 'refused', why: 'is a symbolic link' }, 'malformed', 'pass'],
  ])('about %s at its place is told apart', async (_, found, status, check) => {
    const document = await manifest();
    const { said, lines } = judged({
      documents: [document],
      found: lying(document, { ...AT_HAND, 'train.csv': found }),
      trainings: [attested()],
    });
    expect(lines).toContain(`train.csv describes nothing: ${status}`);
    expect(said).toMatch(new RegExp(`^${check}`));
  });

  it('is broken by two documents that contradict each other', async () => {
    const one = await read(`version: 1\ndata: [{path: a, sha256: ${D1}, source: "https://x.example/a"}]\n`, 'one');
    const two = await read(`version: 1\ndata: [{path: b, sha256: ${D2}, source: "https://x.example/a"}]\n`, 'two');
    expect(judged({ documents: [one, two], trainings: [attested()] }).said).toMatch(
      /^fail: .*one and two say other bytes/,
    );
  });

  it('of another model is a contradiction', async () => {
    const component = { type: 'machine-learning-model', name: 'x', hashes: [{ alg: 'SHA-256', content: D2 }] };
    const document = await read({ bomFormat: 'CycloneDX', specVersion: '1.6', components: [component] }, 'bom');
    expect(judged({ documents: [document] }).said).toMatch(/^fail: m\.onnx is another model than x sha256:d2d2/);
  });

  it('does not outvote a signature, and a signature does not hide a contradiction', async () => {
    const document = await read(`version: 1\ndata: [{path: train.csv, sha256: ${D2}}]\n`, 'hand');
    const found = lying(document, AT_HAND);
    expect(judged({ documents: [document], found, trainings: [attested()] }).said).toMatch(
      /^fail: train\.csv has sha256:d1d1d1d1.*, and sha256:d2d2d2d2/,
    );
  });
});

describe('bytes beside what is said of them', () => {
  const entity = (change: Partial<Entity>): Entity => ({
    kind: 'data',
    name: 'a',
    uri: null,
    path: 'a',
    digests: [],
    size: null,
    problem: null,
    ...change,
  });
  const file: LyingThere = { kind: 'file', file: TRAIN };

  it.each<[string, Partial<Entity>, LyingThere, string]>([
    ['the SHA-256', { digests: [{ algorithm: 'sha256', hex: D1, of: 'bytes' }] }, file, 'claimed'],
    ['the MD5', { digests: [{ algorithm: 'md5', hex: TRAIN.md5, of: 'bytes' }] }, file, 'claimed'],
    ['another size', { digests: [{ algorithm: 'sha256', hex: D1, of: 'bytes' }], size: 11 }, file, 'mismatched'],
    [
      'the SHA-256 and another MD5',
      {
        digests: [
          { algorithm: 'sha256', hex: D1, of: 'bytes' },
          { algorithm: 'md5', hex: '0'.repeat(32), of: 'bytes' },
        ],
      },
      file,
      'mismatched',
    ],
    ['a digest of a sample', { digests: [{ algorithm: 'mlflow', hex: 'ab', of: 'sample' }] }, file, 'malformed'],
    ['the SHA-256 as of a sample', { digests: [{ algorithm: 'sha256', hex: D1, of: 'sample' }] }, file, 'malformed'],
    ['the MD5 of a listing', { digests: [{ algorithm: 'md5', hex: TRAIN.md5, of: 'listing' }] }, file, 'malformed'],
    ['nothing', {}, file, 'absent'],
    [
      'the listing of a folder',
      { digests: [{ algorithm: 'md5', hex: 'ab'.repeat(16), of: 'listing' }] },
      { kind: 'folder', files: [], listing: 'ab'.repeat(16) },
      'claimed',
    ],
  ])('%s', (_, change, found, status) => {
    expect(compareBytes(entity(change), found).status).toBe(status);
  });
});

describe('base models', () => {
  const card = (base: string) => read(`---\nbase_model: ${base}\n---\n`, 'README.md');

  async function followed(ask: AskBase, base = 'a') {
    const inputs = { model: MODEL, data: [], documents: [await card(base)], found: new Map(), trainings: [] };
    const edges = joinLineage(inputs);
    await followBases(edges, ask);
    const { nodes, edges: shown, notes } = edges.done();
    const name = (id: string | null) => nodes.find((node) => node.id === id)?.name;
    const starts = shown.filter(({ relation }) => relation === 'started from');
    return { starts: starts.map(({ from, to, why }) => `${name(from)} > ${name(to)}: ${why}`), notes };
  }

  it('are followed through what is known of each', async () => {
    const kept: Record<string, string[]> = { a: ['b'], b: [] };
    const { starts } = await followed(async (name) => ({
      standing: 'is approved for production',
      sha256: null,
      bases: (kept[name] ?? []).map((base) => ({ name: base, sha256: null })),
    }));
    expect(starts).toEqual(['m.onnx > a: a is approved for production', 'a > b: b is approved for production']);
  });

  it('whose digest is another than the one that is kept are a contradiction', async () => {
    const base: TrainingInput = { role: 'base', name: 'acme/base', uri: null, digests: { sha256: D1 } };
    const inputs = {
      model: MODEL,
      data: [],
      documents: [],
      found: new Map(),
      trainings: [attested({ inputs: [data(D2), base] })],
    };
    const edges = joinLineage(inputs);
    await followBases(edges, async () => ({ standing: 'is approved', sha256: D2, bases: [] }));
    expect(provenanceCheck(edges, inputs)).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining(`has sha256:${D1}, and sha256:${D2} is kept by that name`),
    });
  });

  it('that name each other end it', async () => {
    const asked: string[] = [];
    await followed(async (name) => {
      asked.push(name);
      return { standing: 'is kept', sha256: null, bases: [{ name: name === 'a' ? 'b' : 'a', sha256: null }] };
    });
    expect(asked).toEqual(['a', 'b']);
  });

  it('are bounded in depth and in number', async () => {
    let asked = 0;
    const deep = await followed(async (name) => {
      asked++;
      return { standing: 'is kept', sha256: null, bases: [{ name: `${name}x`, sha256: null }] };
    });
    expect(asked).toBe(16);
    expect(deep.notes.at(-1)).toMatch(/more than 16 apart/);
    let wide = 0;
    const bases = Array.from({ length: 500 }, (_, i) => ({ name: `b${i}`, sha256: null }));
    await followed(async (name) => {
      wide++;
      return { standing: 'is kept', sha256: null, bases: name === 'a' ? bases : [] };
    });
    expect(wide).toBe(100);
  });
});

describe('the graph of any inputs', () => {
  it('passes for a signature over the whole alone', () => {
    const byte = fc.integer({ min: 1, max: 4 });
    const files = (name: string) =>
      fc.array(byte, { maxLength: 3 }).map((all) => all.map((one, i) => hand(`${name}${i}`, one)));
    const trainings = fc.array(
      fc.record({
        model: fc.array(byte, { minLength: 1, maxLength: 3 }),
        data: fc.array(byte, { minLength: 1, maxLength: 3 }),
      }),
      {
        maxLength: 3,
      },
    );
    fc.assert(
      fc.property(files('m'), files('d'), trainings, (model, given, runs) => {
        const made = runs.map((run, i) =>
          attested({
            name: `${i}`,
            model: run.model.map((one, at) => ({ path: `m${at}`, sha256: hex(one) })),
            inputs: run.data.map((one, at) => data(hex(one), `x${at}`)),
          }),
        );
        const { said } = judged({ model: { name: 'm', files: model }, data: given, trainings: made });
        if (!said.startsWith('pass')) return;
        const whole = runs.some(
          (run) =>
            model.every(({ sha256 }) => run.model.some((one) => hex(one) === sha256)) &&
            given.every(({ sha256 }) => run.data.some((one) => hex(one) === sha256)),
        );
        expect(whole).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
