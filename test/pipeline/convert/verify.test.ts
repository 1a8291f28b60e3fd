import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Conversion } from '../../../src/core/conversion/index.ts';
import { DEFAULT_LIMITS } from '../../../src/core/index.ts';
import { ConversionMismatch, type ConvertOptions, convertArtifact } from '../../../src/pipeline/convert/index.ts';
import { assess } from '../../../src/pipeline/index.ts';
import { openArtifact } from '../../../src/sources/index.ts';
import { call, twoTensors } from '../../support/checkpoint.ts';
import { npzBytes } from '../../support/npz.ts';
import { filesOf, type SklearnCase, sklearnCase } from '../../support/sklearn-arrays.ts';
import { tempFolder } from '../../support/temp.ts';

const temp = tempFolder();
/** Starting a process takes long on a busy machine. */
const limits = { ...DEFAULT_LIMITS, sandboxCpuSeconds: 3_600, sandboxWallMs: 3_600_000 };
let count = 0;

function place(files: Readonly<Record<string, Uint8Array>>): string {
  const folder = join(temp, `in-${count++}`);
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  return folder;
}

/** The files of a case, and where they are. */
function given(one: Pick<SklearnCase, 'inputs' | 'outputs'>) {
  const { inputs, outputs } = filesOf({ model: '', ...one });
  const folder = place({ 'X.npz': inputs, 'Y.npz': outputs });
  return { inputs: join(folder, 'X.npz'), outputs: join(folder, 'Y.npz') };
}

interface Run {
  readonly folder: string;
  readonly conversion: Conversion;
}

async function convert(path: string, options: Partial<ConvertOptions>): Promise<Run> {
  const folder = options.folder ?? join(temp, `out-${count++}`);
  const artifact = await openArtifact(path, {});
  try {
    const plain = { target: 'onnx', salvage: false, acceptSuspicious: false, limits } as const;
    return { folder, conversion: await convertArtifact(artifact, assess, { ...plain, ...options, folder }) };
  } finally {
    await artifact.close();
  }
}

async function failure(path: string, options: Partial<ConvertOptions>): Promise<unknown> {
  const folder = join(temp, `out-${count++}`);
  const error = await convert(path, { ...options, folder }).catch((thrown: unknown) => thrown);
  expect(existsSync(folder)).toBe(false);
  return error;
}

describe('a conversion that is verified', () => {
  it.each(['bayes/gaussian.pkl', 'trees/tree.pkl', 'compose/columns.pkl', 'linear/logistic-binary.pkl'])(
    'agrees with what scikit-learn computes: %s',
    async (name) => {
      const one = sklearnCase(name);
      const { folder, conversion } = await convert(one.model, { verify: given(one) });
      expect(readdirSync(folder)).toHaveLength(1);
      const verification = conversion.files[0]?.verification;
      expect(verification).toMatchObject({ kind: 'against source outputs', pass: true, rows: 24 });
      expect(verification?.compared.map(({ output }) => output).sort()).toEqual(Object.keys(one.outputs).sort());
      expect(conversion.published).toBe(true);
    },
  );

  it('is not published where one number is another, and its report says which', async () => {
    const one = sklearnCase('bayes/gaussian.pkl');
    const probabilities = one.outputs.probabilities;
    if (probabilities === undefined) throw new Error('no probabilities');
    const changed = probabilities.values.map((value, i) => (i === 5 ? Number(value) + 1e-3 : value));
    const outputs = { ...one.outputs, probabilities: { ...probabilities, values: changed } };
    const error = await failure(one.model, { verify: given({ ...one, outputs }) });
    expect(error).toBeInstanceOf(ConversionMismatch);
    expect(error).toMatchObject({
      code: 'mismatch',
      subject: 'gaussian.onnx',
      message: expect.stringMatching(/probabilities: 1 of \d+ values differ, by up to 0\.00100/),
      conversion: { published: false, files: [{ verification: { pass: false } }] },
    });
  });

  it('is not published where the rows stand in another order', async () => {
    const one = sklearnCase('trees/tree.pkl');
    const reversed = Object.fromEntries(
      Object.entries(one.outputs).map(([name, array]) => {
        const width = array.values.length / (array.shape[0] ?? 1);
        const rows = Array.from({ length: array.shape[0] ?? 0 }, (_, i) =>
          array.values.slice(i * width, (i + 1) * width),
        );
        return [name, { ...array, values: rows.reverse().flat() }];
      }),
    );
    expect(await failure(one.model, { verify: given({ ...one, outputs: reversed }) })).toBeInstanceOf(
      ConversionMismatch,
    );
  });

  it('draws inputs where none are given', async () => {
    const notes: string[] = [];
    const { conversion } = await convert(sklearnCase('compose/columns.pkl').model, {
      verify: {},
      onEvent: (event) => event.kind === 'note' && notes.push(event.message),
    });
    expect(conversion.files[0]?.verification).toMatchObject({ kind: 'self-consistency', pass: true, rows: 64 });
    expect(notes).toContain('verifying columns.onnx: a second run');
  });

  it('runs the graph of a SavedModel, says so, and leaves the graph out', async () => {
    const one = sklearnCase('bayes/gaussian.pkl');
    const { folder, conversion } = await convert(one.model, { target: 'savedmodel', verify: given(one) });
    expect(readdirSync(folder, { recursive: true }).map(String).sort()).toEqual([
      'gaussian',
      'gaussian/saved_model.pb',
    ]);
    expect(conversion.files.map(({ verification }) => verification)).toMatchObject([
      { kind: 'against source outputs', of: 'onnx graph', pass: true, rows: 24 },
    ]);
  });

  it('refuses inputs for two models', async () => {
    const one = sklearnCase('bayes/gaussian.pkl');
    const path = place({ 'a.pkl': readFileSync(one.model), 'b.pkl': readFileSync(one.model) });
    expect(await failure(path, { verify: given(one) })).toMatchObject({
      code: 'usage',
      message: 'inputs are for one model, and 2 are converted',
    });
  });

  it.each<[string, Uint8Array, Record<string, unknown>]>([
    ['is not one of arrays', Buffer.from('hello'), { code: 'unsupported' }],
    ['has objects', npzBytes({ X: { descr: '|O', shape: [1], values: [0] } }), { code: 'unsupported' }],
    [
      'has other arrays',
      npzBytes({ Z: { descr: '<f4', shape: [1], values: [0] }, Y: { descr: '<f4', shape: [1], values: [0] } }),
      { code: 'usage' },
    ],
  ])('refuses a file of inputs that %s, and names it', async (_, bytes, error) => {
    const inputs = join(place({ 'X.npz': bytes }), 'X.npz');
    expect(await failure(sklearnCase('bayes/gaussian.pkl').model, { verify: { inputs } })).toMatchObject({
      subject: expect.stringContaining('X.npz'),
      ...error,
    });
  });

  it('refuses files that do not exist before anything is scanned', async () => {
    let scans = 0;
    const artifact = await openArtifact(sklearnCase('bayes/gaussian.pkl').model, {});
    const counting: typeof assess = (...args) => {
      scans++;
      return assess(...args);
    };
    const options = { target: 'onnx', folder: join(temp, 'none'), salvage: false, acceptSuspicious: false } as const;
    await expect(
      convertArtifact(artifact, counting, { ...options, verify: { inputs: join(temp, 'nowhere.npz') } }),
    ).rejects.toMatchObject({ code: 'not-found' });
    await artifact.close();
    expect(scans).toBe(0);
  });

  it('leaves nothing when the caller stops it', async () => {
    const stop = new AbortController();
    const error = await failure(sklearnCase('bayes/gaussian.pkl').model, {
      verify: {},
      signal: stop.signal,
      onEvent: (event) => event.kind === 'note' && event.message.startsWith('verifying') && stop.abort(),
    });
    expect(error).toMatchObject({ code: 'aborted' });
  });
});

describe('tensors that are verified', () => {
  it('are read again, and compared with those of the source', async () => {
    const path = place({ 'a.pt': twoTensors(), 'b.pt': twoTensors() });
    const { conversion } = await convert(path, { target: 'safetensors', verify: {} });
    const all = conversion.files.map(({ verification }) => verification);
    expect(all).toMatchObject([
      { kind: 'tensor bytes', pass: true, rows: 2, runtime: null, tensors: expect.stringMatching(/^sha256:/) },
      { kind: 'tensor bytes', pass: true },
    ]);
    expect(all[0]?.tensors).toBe(all[1]?.tensors);
  });

  it('are verified when they are salvaged, too', async () => {
    const path = place({ 'evil.pt': twoTensors({ x: call('os', 'system', 'x') }) });
    const { conversion } = await convert(path, { target: 'safetensors', salvage: true, verify: {} });
    expect(conversion.files[0]?.verification).toMatchObject({ kind: 'tensor bytes', pass: true });
  });

  it('take no inputs', async () => {
    const path = place({ 'a.pt': twoTensors() });
    expect(await failure(path, { target: 'safetensors', verify: { inputs: 'X.npz' } })).toMatchObject({
      code: 'usage',
    });
  });
});
