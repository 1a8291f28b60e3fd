import { AssayError } from '../../core/index.ts';
import { dictOf, inertTitle } from '../../formats/pickle/inert/index.ts';
import { type GraphTensor, Network, planOutput } from '../network/index.ts';
import type { OnnxReadOptions, OnnxSource, PlannedModel } from '../onnx-source/index.ts';
import { type InputFile, KeptValues } from '../tensors/index.ts';
import { instanceClass, isTorchFile, openTorch } from '../torch/index.ts';
import { ModuleRunner } from './context.ts';
import type { ConverterTable, ModuleInput } from './converter.ts';
import { LAYERS } from './layers/index.ts';
import { type TorchModule, torchModuleOf } from './module.ts';
import { VISION } from './vision/index.ts';

const CONVERTERS: ConverterTable = { ...LAYERS, ...VISION };
const HEAD_BYTES = 4_096;
const MAX_RANK = 6;

/** Whole modules of PyTorch: trees of known classes, saved with `torch.save(model, ...)`. */
export const TORCH_MODULES: OnnxSource = {
  id: 'torch-modules',
  title: 'PyTorch module',
  matches: isTorchFile,
  async plan(file: InputFile, options: OnnxReadOptions): Promise<PlannedModel> {
    const head = await file.source.read(0, Math.min(HEAD_BYTES, file.source.size));
    const torch = await openTorch(file, head, options);
    const { value, calls } = torch.pickle;
    if (instanceClass(value) === undefined)
      throw notAModule(file, dictOf(value) === undefined ? inertTitle(value) : 'a dict of values');
    const kept = new KeptValues(torch.reader);
    const module = torchModuleOf(value, '', { path: file.path, torch, kept, tensors: new Map() });
    const planned = planModule(module, file, options);
    kept.refuseChanged(calls, file.path);
    return planned;
  },
};

function notAModule({ path }: InputFile, what: string): AssayError {
  return new AssayError(
    'unsupported',
    `holds ${what}, not a module: the code that computes with its tensors is not in the file`,
    {
      subject: path,
      hint: 'convert it with --to safetensors; give the folder of a Hugging Face model, with its config.json, for ONNX',
    },
  );
}

function planModule(module: TorchModule, file: InputFile, options: OnnxReadOptions): PlannedModel {
  const net = new Network(options, file.path);
  const runner = new ModuleRunner(net, CONVERTERS, options.budget);
  const { type, shape } = inputOf(module, runner, options.inputShape);
  const results = runner.results(module, net.input('input', type, shape));
  const outputs = Object.entries(results).map(([name, x]: [string, GraphTensor]) => planOutput(net, name, x, 'values'));
  return { graph: net.graph, outputs, source: { class: module.name, library: 'torch', version: undefined } };
}

/** The input of the first layer, with the shape that the caller gives, if it does. */
function inputOf(module: TorchModule, runner: ModuleRunner, given: readonly number[] | undefined): ModuleInput {
  const known = runner.inputOf(module);
  if (given === undefined) {
    if (known !== undefined && known !== 'next') return known;
    throw module.refuse(
      'the shape of its input is not in the file',
      'give it without the batch: --input-shape 3,224,224',
    );
  }
  if (given.length > MAX_RANK) throw module.refuse(`an input of ${given.length} dimensions`);
  const isKnown = known !== undefined && known !== 'next';
  // The batch is the second dimension of recurrent layers without batch_first.
  const at = isKnown ? known.shape.indexOf('batch') : 0;
  const shape = [...given.slice(0, at), 'batch', ...given.slice(at)];
  return { type: isKnown ? known.type : 'float32', shape };
}
