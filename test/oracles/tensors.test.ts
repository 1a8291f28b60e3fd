import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, parse, relative } from 'node:path';
import { expect, it } from 'vitest';
import { tensorFormatOf } from '../../src/convert/sources.ts';
import { elementBytes, type Tensor } from '../../src/convert/tensors/index.ts';
import { MemorySource } from '../../src/core/bytes/index.ts';
import { AsyncDisposableStack, DEFAULT_LIMITS, FileBudget, isAssayError } from '../../src/core/index.ts';
import { requirePart } from '../support/parts.ts';
import { canJail, findTorch, framed, type Interpreter, jailed } from './jail.ts';

const BENIGN = new URL('../../fixtures/benign', import.meta.url).pathname;
/** Families whose files `torch.save` wrote. */
const FAMILIES = [
  'torch',
  'torch-tensors',
  'torchvision',
  'transformers',
  'lightning',
  'pyannote',
  'flair',
  'ultralytics',
];
const NOT_MODELS = /manifest\.json$|\.pt2$|package\.pt$|torchscript|\.metadata$/;
/** What safetensors does not have. */
const NOT_WRITTEN = /which safetensors does not have|TorchScript/;

type Said = readonly [dtype: string, shape: readonly number[], sha256: string];
type Answer = { readonly tensors: Readonly<Record<string, Said>> } | { readonly error: string };

const DTYPES: Readonly<Record<string, string>> = {
  'torch.float64': 'F64',
  'torch.float32': 'F32',
  'torch.float16': 'F16',
  'torch.bfloat16': 'BF16',
  'torch.int64': 'I64',
  'torch.int32': 'I32',
  'torch.int16': 'I16',
  'torch.int8': 'I8',
  'torch.uint8': 'U8',
  'torch.bool': 'BOOL',
  'torch.complex64': 'C64',
};

function files(): string[] {
  return FAMILIES.flatMap((family) =>
    readdirSync(join(BENIGN, family), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !NOT_MODELS.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
}

function loaded(torch: Interpreter, paths: readonly string[]): Answer[] {
  const { program, args } = jailed(torch, 'tensors.py');
  const input = Buffer.concat(paths.map((path) => framed(readFileSync(path))));
  const run = spawnSync(program, args, { input, maxBuffer: 2 ** 28 });
  const lines = run.stdout.toString('utf8').trimEnd().split('\n');
  if (run.status !== 0 || lines.length !== paths.length)
    throw new Error(`the jail ended with ${run.status}: ${run.stderr}`);
  return lines.map((line) => JSON.parse(line) as Answer);
}

async function converted(path: string): Promise<Record<string, Said> | string> {
  const source = new MemorySource(readFileSync(path), path);
  const file = { path, source };
  const format = await tensorFormatOf(file);
  if (format === undefined) return 'no format';
  const budget = new FileBudget(DEFAULT_LIMITS, source.size);
  const resources = new AsyncDisposableStack();
  const options = { limits: DEFAULT_LIMITS, signal: undefined, budget, resources, salvage: false };
  try {
    const { tensors } = await format.read(file, options);
    const said: [string, Said][] = [];
    for (const tensor of tensors) said.push([tensor.name, [tensor.dtype, tensor.shape, await digestOf(tensor)]]);
    return Object.fromEntries(said);
  } catch (error) {
    if (!isAssayError(error)) throw error;
    return error.message;
  }
}

async function digestOf(tensor: Tensor): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of elementBytes(tensor, undefined)) hash.update(piece);
  return hash.digest('hex');
}

const torch = findTorch();

requirePart(
  'Python package torch',
  torch !== undefined && canJail(),
  'apt-get install python3-torch bubblewrap',
  'tensors',
  () => {
    it('equal those that torch.load returns, for every checkpoint that it loads', async () => {
      if (torch === undefined) return;
      const paths = files();
      const answers = loaded(torch, paths);
      let compared = 0;
      for (const [at, path] of paths.entries()) {
        const answer = answers[at];
        const ours = await converted(path);
        if (answer === undefined || 'error' in answer) continue;
        if (typeof ours === 'string') {
          expect(ours, relative(BENIGN, path)).toMatch(NOT_WRITTEN);
          continue;
        }
        // A tensor that is the whole file has the name of the file.
        const theirs = Object.entries(answer.tensors).map(([name, [dtype, ...rest]]) => [
          name === '' ? parse(path).name : name,
          [DTYPES[dtype], ...rest],
        ]);
        expect(ours, relative(BENIGN, path)).toEqual(Object.fromEntries(theirs));
        compared += theirs.length;
      }
      expect(compared).toBeGreaterThan(500);
    });
  },
);
