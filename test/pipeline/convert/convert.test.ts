import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../../src/core/bytes/index.ts';
import type { Conversion } from '../../../src/core/conversion/index.ts';
import { type Artifact, DEFAULT_LIMITS } from '../../../src/core/index.ts';
import { readOnnx } from '../../../src/formats/onnx/index.ts';
import { type ConvertOptions, convertArtifact } from '../../../src/pipeline/convert/index.ts';
import { assess } from '../../../src/pipeline/index.ts';
import { openArtifact } from '../../../src/sources/index.ts';
import { memoryFile } from '../../support/artifacts.ts';
import { argumentsOf, call, checkpoint, dict, storage, tensor, twoTensors } from '../../support/checkpoint.ts';
import { global, text } from '../../support/pickle-asm.ts';
import { tempFolder } from '../../support/temp.ts';

const temp = tempFolder();
const BENIGN = new URL('../../../fixtures/benign/torch/', import.meta.url).pathname;
const PLAIN: Omit<ConvertOptions, 'folder'> = { target: 'safetensors', salvage: false, acceptSuspicious: false };
let count = 0;

/** A folder of its own, with these files. */
function place(files: Readonly<Record<string, Uint8Array>>): string {
  const folder = join(temp, `in-${count++}`);
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  return folder;
}

interface Run {
  readonly folder: string;
  readonly conversion: Conversion;
}

async function convert(path: string, options: Partial<ConvertOptions> = {}): Promise<Run> {
  const folder = options.folder ?? join(temp, `out-${count++}`);
  const artifact = await openArtifact(path, {});
  try {
    return { folder, conversion: await convertArtifact(artifact, assess, { ...PLAIN, ...options, folder }) };
  } finally {
    await artifact.close();
  }
}

/** The error of a conversion, which must leave no trace. */
async function failure(path: string, options: Partial<ConvertOptions> = {}): Promise<unknown> {
  const folder = join(temp, `out-${count++}`);
  const error = await convert(path, { ...options, folder }).catch((thrown: unknown) => thrown);
  expect(existsSync(folder)).toBe(false);
  return error;
}

interface Header {
  readonly [name: string]: { readonly dtype: string; readonly shape: readonly number[] };
}

function headerOf(path: string): Header {
  const bytes = readFileSync(path);
  return JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE(0))).toString());
}

function floatsOf(path: string): number[] {
  const bytes = readFileSync(path);
  const data = bytes.subarray(8 + Number(bytes.readBigUInt64LE(0)));
  return [...new Float32Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.length))];
}

describe('a conversion to safetensors', () => {
  it('writes the tensors of a checkpoint, and reports both files with their digests', async () => {
    const { folder, conversion } = await convert(join(BENIGN, '2.6.0/state-dict.bin'));
    expect(readdirSync(folder)).toEqual(['state-dict.safetensors']);
    const [file] = conversion.files;
    expect(file).toMatchObject({ path: 'state-dict.safetensors', verdict: 'clean' });
    expect(file).toMatchObject({ from: [{ path: 'state-dict.bin', verdict: 'clean' }], format: 'PyTorch checkpoint' });
    expect(file?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(file?.from[0]?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(conversion.source).toMatchObject({ verdict: 'clean' });
    expect(conversion.salvaged).toBe(false);
    const { __metadata__: metadata, ...tensors } = headerOf(join(folder, 'state-dict.safetensors'));
    expect(metadata).toMatchObject({ format: 'pt', 'assay.source': conversion.source.digest });
    expect(Object.keys(tensors)).toHaveLength(file?.tensors ?? 0);
  });

  it('writes the same bytes each time', async () => {
    const [one, other] = [
      await convert(join(BENIGN, '2.6.0/module.pt')),
      await convert(join(BENIGN, '2.6.0/module.pt')),
    ];
    expect(one.conversion.files[0]?.sha256).toBe(other.conversion.files[0]?.sha256);
  });

  it('converts every file of a folder that holds tensors, and names the others', async () => {
    const path = place({
      'a/pytorch_model.bin': twoTensors(),
      'b.pt': twoTensors(),
      'README.md': Buffer.from('# hi\n'),
    });
    const { folder, conversion } = await convert(path);
    expect(conversion.files.map((file) => file.path).sort()).toEqual(['a/model.safetensors', 'b.safetensors']);
    expect(conversion.skipped).toEqual([{ path: 'README.md', why: 'it is not a format that holds tensors' }]);
    expect(floatsOf(join(folder, 'a', 'model.safetensors'))).toEqual([5, 6, 1, 2, 3, 4]);
  });

  it('names what is not a tensor', async () => {
    const path = place({ 'm.pt': twoTensors({ epoch: [['BININT1', 3]], name: [text('x')] }) });
    const { conversion } = await convert(join(path, 'm.pt'));
    expect(conversion.files[0]?.leftOut).toEqual([
      { path: 'epoch', what: 'a number' },
      { path: 'name', what: 'text' },
    ]);
  });

  it('refuses two files that would have one name', async () => {
    const path = place({ 'm.pt': twoTensors(), 'm.bin': twoTensors() });
    expect(await failure(path)).toMatchObject({ code: 'usage', message: expect.stringContaining('m.safetensors') });
  });

  it('refuses files of which only ranges are at hand', async () => {
    const far: Artifact = {
      ref: 'far',
      pinned: 'far',
      files: [memoryFile('m.pt', twoTensors(), { distance: 'far' })],
      notes: [],
      close: async () => {},
    };
    await expect(convertArtifact(far, assess, { ...PLAIN, folder: join(temp, 'far') })).rejects.toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('assay pull'),
    });
  });

  it('refuses what holds no tensors, and says so', async () => {
    const path = place({ 'notes.txt': Buffer.from('nothing here\n') });
    expect(await failure(join(path, 'notes.txt'))).toMatchObject({
      code: 'unsupported',
      message: 'cannot be converted to safetensors: it is not a format that holds tensors',
      subject: 'notes.txt',
    });
  });

  it('replaces no file', async () => {
    const path = place({ 'm.pt': twoTensors() });
    const folder = join(temp, 'taken');
    mkdirSync(folder);
    writeFileSync(join(folder, 'm.safetensors'), 'mine');
    await expect(convert(join(path, 'm.pt'), { folder })).rejects.toMatchObject({
      code: 'usage',
      message: 'exists already',
    });
    expect(readdirSync(folder)).toEqual(['m.safetensors']);
    expect(readFileSync(join(folder, 'm.safetensors'), 'utf8')).toBe('mine');
  });

  it('refuses an output that is a file', async () => {
    const path = place({ 'm.pt': twoTensors() });
    await expect(convert(join(path, 'm.pt'), { folder: join(path, 'm.pt') })).rejects.toMatchObject({
      code: 'usage',
      message: 'is not a folder',
    });
  });
});

describe('the verdict of the source', () => {
  const malicious = () => place({ 'evil.pt': twoTensors({ x: call('os', 'system', 'touch /tmp/x') }) });
  const unlisted = () => place({ 'own.pt': twoTensors({ x: call('mylib', 'Thing', 'a') }) });

  it('forbids the conversion of a malicious file, which can be salvaged', async () => {
    const path = malicious();
    expect(await failure(path)).toMatchObject({ code: 'refused', subject: 'evil.pt' });
    expect(await failure(path, { acceptSuspicious: true })).toMatchObject({ code: 'refused' });
    const { folder, conversion } = await convert(path, { salvage: true });
    expect(conversion).toMatchObject({ salvaged: true, source: { verdict: 'malicious' } });
    expect(conversion.files[0]?.leftOut).toEqual([{ path: 'x', what: 'a call of os.system' }]);
    expect(floatsOf(join(folder, 'evil.safetensors'))).toEqual([5, 6, 1, 2, 3, 4]);
  });

  it('forbids the conversion of a suspicious file, unless it is accepted or salvaged', async () => {
    const path = unlisted();
    expect(await failure(path)).toMatchObject({
      code: 'refused',
      hint: expect.stringContaining('--accept-suspicious'),
    });
    expect((await convert(path, { acceptSuspicious: true })).conversion).toMatchObject({
      salvaged: false,
      source: { verdict: 'suspicious' },
    });
    expect((await convert(path, { salvage: true })).conversion.salvaged).toBe(true);
  });

  it('forbids the conversion of a file that could not be read to its end, also to salvage it', async () => {
    const bytes = twoTensors();
    const path = place({ 'cut.pt': bytes.subarray(0, bytes.length - 30) });
    expect(await failure(path, { salvage: true })).toMatchObject({
      code: expect.stringMatching(/unsupported|refused/),
    });
  });

  it('is the error when no other file of the folder can be converted', async () => {
    const path = place({ 'evil.pt': twoTensors({ x: call('os', 'system', 'x') }), 'README.md': Buffer.from('# hi\n') });
    expect(await failure(path)).toMatchObject({ code: 'refused', subject: 'evil.pt' });
  });

  it('does not stop clean files beside it', async () => {
    const path = place({
      'good.pt': twoTensors(),
      'evil.pt': twoTensors({ x: call('os', 'system', 'x') }),
    });
    const { conversion } = await convert(path);
    expect(conversion.files.map((file) => file.path)).toEqual(['good.safetensors']);
    expect(conversion.skipped).toEqual([{ path: 'evil.pt', why: 'its verdict is malicious' }]);
    expect(conversion.source.verdict).toBe('clean');
  });

  it('forbids to salvage a tensor whose key is computed', async () => {
    const key = call('builtins', 'eval', '"w"');
    const computed = checkpoint(['EMPTY_DICT', 'MARK', ...key, ...tensor('0', [2, 2], [2, 1]), 'SETITEMS'], {
      0: [1, 2, 3, 4],
    });
    expect(await failure(place({ 'evil.pt': computed }), { salvage: true })).toMatchObject({ code: 'unsupported' });
  });

  it('forbids to salvage a tensor that a call receives', async () => {
    const shared = checkpoint(
      [
        ...dict({ weight: [...tensor('0', [2, 2], [2, 1]), ['BINPUT', 1]] }),
        text('x'),
        global('builtins', 'exec'),
        text('pass'),
        ['BINGET', 1],
        'TUPLE2',
        'REDUCE',
        'SETITEM',
      ],
      { 0: [1, 2, 3, 4] },
    );
    expect(await failure(place({ 'evil.pt': shared }), { salvage: true })).toMatchObject({
      message: 'a call of builtins.exec receives a tensor, or what holds one, and could have changed it',
    });
  });

  it.each([
    ['another view of its storage', tensor('0', [4], [1])],
    ['its storage', storage('0', 4)],
  ])('forbids to salvage a tensor when a call receives %s', async (_, given) => {
    const program = [
      ...dict({ weight: tensor('0', [2, 2], [2, 1]) }),
      global('builtins', 'exec'),
      text('w.zero_()'),
      ...given,
      'TUPLE2',
      'REDUCE',
      'POP',
    ];
    expect(
      await failure(place({ 'evil.pt': checkpoint(program, { 0: [1, 2, 3, 4] }) }), { salvage: true }),
    ).toMatchObject({
      message: 'a call of builtins.exec receives a tensor, or what holds one, and could have changed it',
    });
  });

  it('forbids to salvage a tensor that a function of PyTorch hands to another function', async () => {
    const program = [
      ...dict({ weight: [...tensor('0', [2, 2], [2, 1]), ['BINPUT', 1]] }),
      global('torch._tensor', '_rebuild_from_type_v2'),
      'MARK',
      global('builtins', 'exec'),
      global('torch', 'Tensor'),
      text('w.zero_()'),
      ['BINGET', 1],
      'TUPLE2',
      'EMPTY_DICT',
      'TUPLE',
      'REDUCE',
      'POP',
    ] as const;
    expect(
      await failure(place({ 'evil.pt': checkpoint(program, { 0: [1, 2, 3, 4] }) }), { salvage: true }),
    ).toMatchObject({ message: expect.stringContaining('_rebuild_from_type_v2 receives a tensor') });
  });

  /** A tensor with this attribute, and a plain one. */
  function withAttribute(name: string): string {
    const program = dict({
      weight: [
        global('torch._tensor', '_rebuild_from_type_v2'),
        'MARK',
        global('torch._utils', '_rebuild_tensor_v2'),
        global('torch', 'Tensor'),
        ...argumentsOf('0', [2, 2], [2, 1]),
        ...dict({ [name]: tensor('1', [2], [1]) }),
        'TUPLE',
        'REDUCE',
      ],
      bias: tensor('2', [2], [1]),
    });
    return place({ 'm.pt': checkpoint(program, { 0: [1, 2, 3, 4], 1: [5, 6], 2: [7, 8] }) });
  }

  it.each(['data', '__class__'])('leaves out a tensor whose state sets its %s', async (name) => {
    const { conversion } = await convert(withAttribute(name), { salvage: true });
    expect(conversion.files[0]?.leftOut).toEqual([
      { path: 'weight', what: 'a tensor with a state that may replace its elements' },
    ]);
  });

  it('refuses a tensor of a clean file whose state sets its elements', async () => {
    expect(await failure(withAttribute('real'))).toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('a tensor with a state that may replace its elements'),
    });
    const { conversion } = await convert(withAttribute('label'));
    expect(conversion.files[0]).toMatchObject({ tensors: 2, leftOut: [] });
  });

  it('leaves out a tensor with hooks, which run with it', async () => {
    const hooked = argumentsOf('0', [2], [1], dict({ hook: [global('os', 'system')] }));
    const weight = [global('torch._utils', '_rebuild_tensor_v2'), ...hooked, 'REDUCE'];
    const bytes = checkpoint(dict({ weight, bias: tensor('1', [2], [1]) }), { 0: [1, 2], 1: [3, 4] });
    const { conversion } = await convert(place({ 'm.pt': bytes }), { salvage: true });
    expect(conversion.files[0]?.leftOut).toEqual([{ path: 'weight', what: 'a tensor with hooks' }]);
  });

  it('finds calls whose result is dropped', async () => {
    const shared = checkpoint(
      [
        ...dict({ weight: [...tensor('0', [2, 2], [2, 1]), ['BINPUT', 1]] }),
        global('mylib', 'change'),
        ['BINGET', 1],
        'TUPLE1',
        'REDUCE',
        'POP',
      ],
      { 0: [1, 2, 3, 4] },
    );
    expect(await failure(place({ 'evil.pt': shared }), { salvage: true })).toMatchObject({
      message: 'a call of mylib.change receives a tensor, or what holds one, and could have changed it',
    });
  });
});

describe('a conversion to ONNX', () => {
  const RIDGE = new URL('../../../fixtures/convert/sklearn/1.9.1/bayes/bernoulli.pkl', import.meta.url).pathname;

  it('writes the model of an estimator, which names its source', async () => {
    const { folder, conversion } = await convert(RIDGE, { target: 'onnx' });
    expect(readdirSync(folder)).toEqual(['bernoulli.onnx']);
    expect(conversion).toMatchObject({ target: 'onnx', source: { verdict: 'clean' } });
    expect(conversion.files[0]?.format).toMatch(/^sklearn\.naive_bayes\.BernoulliNB /);
    const { model } = await readOnnx(new MemorySource(readFileSync(join(folder, 'bernoulli.onnx')), 'm'), {});
    expect(model.metadata.map(({ key }) => key)).toContain('assay.source.class');
  });

  it('refuses what it does not convert by its name, and to salvage', async () => {
    const path = place({ 'm.pt': twoTensors() });
    expect(await failure(path, { target: 'onnx' })).toMatchObject({ code: 'unsupported', subject: 'm.pt' });
    expect(await failure(RIDGE, { target: 'onnx', salvage: true })).toMatchObject({ code: 'usage' });
  });
});

describe('a conversion to a SavedModel', () => {
  const RIDGE = new URL('../../../fixtures/convert/sklearn/1.9.1/bayes/bernoulli.pkl', import.meta.url).pathname;

  it('writes a folder, which names its source', async () => {
    const { folder, conversion } = await convert(RIDGE, { target: 'savedmodel' });
    expect(readdirSync(folder, { recursive: true }).map(String).sort()).toEqual([
      'bernoulli',
      'bernoulli/saved_model.pb',
    ]);
    expect(conversion).toMatchObject({ target: 'savedmodel', source: { verdict: 'clean' } });
    expect(conversion.files[0]).toMatchObject({ path: 'bernoulli/saved_model.pb', verdict: 'clean' });
    const bytes = readFileSync(join(folder, 'bernoulli', 'saved_model.pb')).toString('latin1');
    expect(bytes).toContain('assay.source.class');
  });
});

describe('a conversion of TensorFlow to ONNX', () => {
  const MODELS = new URL('../../../fixtures/convert/tensorflow/2.21.0/', import.meta.url).pathname;

  it('writes the model of a folder with its variables', async () => {
    const { folder, conversion } = await convert(join(MODELS, 'cnn'), { target: 'onnx' });
    expect(readdirSync(folder)).toEqual(['model.onnx']);
    expect(conversion.files[0]).toMatchObject({ format: 'SavedModel (tensorflow)', verdict: 'clean' });
    expect(conversion.files[0]?.from.map(({ path }) => path).sort()).toEqual([
      'saved_model.pb',
      'variables/variables.data-00000-of-00001',
      'variables/variables.index',
    ]);
  });

  it('writes the model of a frozen graph', async () => {
    const { folder } = await convert(join(MODELS, 'frozen.pb'), { target: 'onnx' });
    expect(readdirSync(folder)).toEqual(['frozen.onnx']);
  });
});

describe('an interrupted conversion', () => {
  it('leaves nothing when a file changes between the scan and the conversion', async () => {
    const path = join(place({ 'm.pt': twoTensors() }), 'm.pt');
    const folder = join(temp, `out-${count++}`);
    const artifact = await openArtifact(path, {});
    const swapping = async (one: Artifact) => {
      const assessment = await assess(one);
      writeFileSync(path, twoTensors({ x: call('os', 'system', 'x') }));
      utimesSync(path, 1, 1);
      return assessment;
    };
    await expect(convertArtifact(artifact, swapping, { ...PLAIN, folder })).rejects.toMatchObject({ code: 'changed' });
    await artifact.close();
    expect(existsSync(folder)).toBe(false);
  });

  it('leaves nothing when the caller stops it while it writes', async () => {
    const stop = new AbortController();
    const onEvent: ConvertOptions['onEvent'] = ({ kind }) => {
      if (kind === 'bytes') stop.abort();
    };
    const error = await failure(join(BENIGN, '2.6.0/module.pt'), { onEvent, signal: stop.signal });
    expect(error).toMatchObject({ code: 'aborted' });
  });

  it('leaves nothing when the result is not clean', async () => {
    const folder = join(temp, `out-${count++}`);
    const artifact = await openArtifact(join(BENIGN, '2.6.0/module.pt'), {});
    let scans = 0;
    const doubting = async (one: Artifact) => {
      const assessment = await assess(one);
      if (scans++ === 0) return assessment;
      return { ...assessment, files: assessment.files.map((file) => ({ ...file, verdict: 'unknown' as const })) };
    };
    await expect(convertArtifact(artifact, doubting, { ...PLAIN, folder })).rejects.toMatchObject({ code: 'internal' });
    await artifact.close();
    expect(existsSync(folder)).toBe(false);
  });

  it('ends at the limits of the reader', async () => {
    const limits = { ...DEFAULT_LIMITS, fileWorkBase: 10, fileWorkPerByte: 0, maxFileWork: 10 };
    expect(await failure(join(BENIGN, '2.6.0/module.pt'), { limits })).toMatchObject({ code: 'limit' });
  });
});
