import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXPORTED_PROGRAM } from '../../../src/convert/exported/source.ts';
import type { OnnxModel } from '../../../src/formats/onnx/model.ts';
import { folderFiles, planFolder } from '../../convert/huggingface/plan-folder.ts';
import { ROOT as KERAS, modelFile, planKeras } from '../../convert/keras/cases.ts';
import { type NpzArray, readNpz } from '../../convert/sklearn/npz.ts';
import { convertPath, ROOT as TENSORFLOW } from '../../convert/tensorflow/models.ts';
import { planModule } from '../../convert/torch-modules/plan-module.ts';
import { planScript } from '../../convert/torchscript/plan-script.ts';

const ROOT = 'fixtures/convert';

type Arrays = ReadonlyMap<string, NpzArray>;

/** A model of a framework, what it is given, and what the framework computed of it. */
export interface NetworkRun {
  readonly model: OnnxModel;
  readonly feeds: Arrays;
  readonly expected: Arrays;
  /** Where it is 0, a token counts for nothing, and its numbers may be any. [rows, length] */
  readonly mask?: NpzArray;
}

export interface NetworkCase {
  /** Its path within the fixtures of conversions. */
  readonly name: string;
  readonly run: () => Promise<NetworkRun>;
}

const TORCH_FOLDERS = [
  'torch-modules/1.13.0a0',
  'torch-modules/2.6.0',
  'torchvision',
  'torchscript/1.13.0a0',
  'torchscript/2.6.0',
  'exported/2.6.0',
];

/** Modules of PyTorch and torchvision, TorchScript and exported programs. */
function torchCases(): NetworkCase[] {
  return TORCH_FOLDERS.flatMap((folder) =>
    filesOf(folder, /\.pt2?$/).map((name) => ({ name, run: () => torchRun(folder, name) })),
  );
}

async function torchRun(folder: string, name: string): Promise<NetworkRun> {
  const path = join(ROOT, name);
  const arrays = readNpz(await readFile(path.replace(/\.pt2?$/, '.npz')));
  const bytes = await readFile(path);
  const inputShape = arrays.get('shape')?.numbers;
  const { plan } = folder.startsWith('exported')
    ? await planScript(name, bytes, { source: EXPORTED_PROGRAM })
    : folder.startsWith('torchscript')
      ? await planScript(name, bytes, { inputShape })
      : await planModule(name, bytes, inputShape);
  const inputs = new Set(plan.inputs.map((input) => input.name));
  return {
    model: plan.model,
    feeds: only(arrays, (key) => inputs.has(key)),
    expected: only(arrays, (key) => !inputs.has(key) && key !== 'shape'),
  };
}

function kerasCases(): NetworkCase[] {
  return readdirSync(KERAS).flatMap((version) =>
    filesOf(`keras/${version}`, /\.gz$/).map((name) => ({
      name,
      run: () => kerasRun(name.slice('keras/'.length, -3)),
    })),
  );
}

async function kerasRun(name: string): Promise<NetworkRun> {
  const arrays = readNpz(await readFile(`${KERAS}${name.replace(/\.\w+$/, '.npz')}`));
  const { plan } = await planKeras(name, modelFile(name));
  const given = [...arrays].filter(([key]) => key.startsWith('in:'));
  return {
    model: plan.model,
    feeds: new Map(given.map(([key, array]) => [key.replace(/^in:\d+:/, ''), array])),
    expected: new Map(plan.outputs.map(({ name: output }, index) => [output, arrayOf(arrays, `out:${index}`)])),
  };
}

function huggingfaceCases(): NetworkCase[] {
  return readdirSync(join(ROOT, 'huggingface')).flatMap((version) =>
    readdirSync(join(ROOT, 'huggingface', version)).map((name) => {
      const folder = join('huggingface', version, name);
      return { name: folder, run: () => huggingfaceRun(join(ROOT, folder)) };
    }),
  );
}

async function huggingfaceRun(folder: string): Promise<NetworkRun> {
  const arrays = readNpz(await readFile(join(folder, 'expected.npz')));
  const { plan } = await planFolder(await folderFiles(folder));
  const mask = arrays.get('input:attention_mask');
  return { model: plan.model, ...prefixed(arrays), ...(mask === undefined ? {} : { mask }) };
}

function tensorflowCases(): NetworkCase[] {
  return readdirSync(TENSORFLOW).flatMap((version) =>
    readdirSync(join(TENSORFLOW, version))
      .filter((name) => !name.endsWith('.npz'))
      .map((name) => ({
        name: join('tensorflow', version, name),
        run: () => tensorflowRun(join(TENSORFLOW, version, name)),
      })),
  );
}

async function tensorflowRun(path: string): Promise<NetworkRun> {
  const arrays = readNpz(await readFile(`${path.replace(/\.pb$/, '')}.npz`));
  const { model } = await convertPath(path);
  return { model, ...prefixed(arrays) };
}

/** Inputs are `input:NAME`, and all others outputs. */
function prefixed(arrays: Arrays): Pick<NetworkRun, 'feeds' | 'expected'> {
  const inputs = only(arrays, (key) => key.startsWith('input:'));
  return {
    feeds: new Map([...inputs].map(([key, array]) => [key.slice('input:'.length), array])),
    expected: only(arrays, (key) => !inputs.has(key)),
  };
}

function only(arrays: Arrays, wanted: (key: string) => boolean): Map<string, NpzArray> {
  return new Map([...arrays].filter(([key]) => wanted(key)));
}

function arrayOf(arrays: Arrays, name: string): NpzArray {
  const array = arrays.get(name);
  if (array === undefined) throw new Error(`no array ${name}`);
  return array;
}

function filesOf(folder: string, names: RegExp): string[] {
  return readdirSync(join(ROOT, folder))
    .filter((name) => names.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** Every network whose numbers a framework wrote down. */
export const NETWORK_CASES: readonly NetworkCase[] = [
  ...torchCases(),
  ...kerasCases(),
  ...huggingfaceCases(),
  ...tensorflowCases(),
];

/** Numbers of a result that are not those of the framework, but for those of tokens that count for nothing. */
export function farNumbers(result: Result, wanted: NpzArray, mask: NpzArray | undefined): readonly string[] {
  if (result.dims.join() !== wanted.shape.join()) return [`has the shape [${result.dims}], not [${wanted.shape}]`];
  const [rows = 1, length = 1, width = 1] = wanted.shape;
  const isTokens = mask !== undefined && mask.shape[0] === rows && mask.shape[1] === length;
  return Array.from(result.data, Number).flatMap((value, i) => {
    if (isTokens && mask.numbers[Math.floor(i / width)] === 0) return [];
    const target = wanted.numbers[i] ?? Number.NaN;
    const isClose = Object.is(value, target) || Math.abs(value - target) <= TOLERANCE * Math.max(1, Math.abs(target));
    return isClose ? [] : [`[${i}] is ${value}, not ${target}`];
  });
}

/** What a runtime gave. */
interface Result {
  readonly dims: readonly number[];
  readonly data: Iterable<unknown>;
}

const TOLERANCE = 1e-5;
