import { quotedName } from '../../core/index.ts';
import { startsWith } from '../../formats/index.ts';
import { type Inert, sequenceOf } from '../../formats/pickle/inert/index.ts';
import {
  AtenDatum,
  AtenRunner,
  AtenTensor,
  type AtenValue,
  type KnownIntegers,
  planResults,
  readIntegers,
  Weights,
} from '../aten/index.ts';
import { type GraphSize, Network } from '../network/index.ts';
import type { OnnxReadOptions, OnnxSource, PlannedModel } from '../onnx-source/index.ts';
import type { InputFile, Tensor } from '../tensors/index.ts';
import { isTorchScript, openScript, type ScriptArchive, ScriptCode } from './archive.ts';
import { needed, needsShape, shapeFor } from './input.ts';
import { ScriptInterpreter } from './interpreter.ts';
import type { Program } from './machine.ts';
import { type ObjectReader, ScriptObject, scriptValueOf } from './object.ts';
import { fileTensors } from './tensors.ts';
import { scriptTypeOf } from './types.ts';
import { isAten, type ScriptValue, scriptTitle } from './values.ts';

const MAX_RANK = 6;

/** Models of TorchScript, traced or scripted, saved with `torch.jit.save`. */
export const TORCHSCRIPT_MODELS: OnnxSource = {
  id: 'torchscript',
  title: 'TorchScript model',
  matches: (file, head) => startsWith(head, 'PK\x03\x04') && isTorchScript(file),
  async plan(file: InputFile, options: OnnxReadOptions): Promise<PlannedModel> {
    const archive = await openScript(file, options);
    const tensors = fileTensors(archive, new Network(options, file.path));
    const known = await readIntegers(tensors.values(), options);
    const planning = { file, archive, tensors, known, options };
    const first = new Planning(planning, 'float32');
    try {
      return first.model();
    } catch (error) {
      // An embedding takes integers: what it is given says nothing about it.
      if (!first.wantsIntegers) throw error;
      return new Planning(planning, 'int64').model();
    }
  },
};

interface Planned {
  readonly file: InputFile;
  readonly archive: ScriptArchive;
  readonly tensors: ReadonlyMap<Inert, Tensor>;
  readonly known: KnownIntegers;
  readonly options: OnnxReadOptions;
}

/** `CONSTANTS.c0` is the first tensor of the constants. */
function constantOf({ constants }: ScriptArchive, name: string, reader: ObjectReader): ScriptValue {
  const index = /^c(\d{1,6})$/.exec(name)?.[1];
  const value = index === undefined ? undefined : sequenceOf(constants?.pickle.value)?.[Number(index)];
  if (value === undefined) throw reader.net.broken(`there is no constant ${name.slice(0, 80)}`);
  return scriptValueOf(value, scriptTypeOf(''), name, reader);
}

/** One pass through a program, with inputs of one type. */
class Planning {
  readonly #planned: Planned;
  readonly #type: 'float32' | 'int64';
  readonly #net: Network;
  /** Inputs whose shape is not known yet. */
  readonly #waiting = new Map<AtenTensor, string>();
  readonly #names = new Set<string>();
  wantsIntegers = false;

  constructor(planned: Planned, type: 'float32' | 'int64') {
    this.#planned = planned;
    this.#type = type;
    this.#net = new Network(planned.options, planned.file.path);
  }

  model(): PlannedModel {
    const { archive, file, options, tensors, known } = this.#planned;
    const net = this.#net;
    const runner = new AtenRunner(net, options.budget);
    const code = new ScriptCode(archive.code, file.path, options);
    const reader = { net, code, weights: new Weights(runner, known), tensors, objects: new Map() };
    const program: Program = {
      runner,
      code,
      budget: options.budget,
      constant: (name) => constantOf(archive, name, reader),
      beforeOperator: (name, { positional, named }) => this.#before(name, positional, named),
    };
    const root = new ScriptObject(archive.data.pickle.value, '', reader);
    const [hook] = root.definition.hooks;
    if (hook !== undefined) throw net.refuse(`${root.title} is not converted: it has the hook ${quotedName(hook)}`);
    const interpreter = new ScriptInterpreter(program);
    const forward = root.attribute('forward');
    if (forward === undefined || isAten(forward) || forward.kind !== 'function')
      throw net.refuse(`${root.title} has no method forward`);
    const result = interpreter.call(forward, this.#inputs(forward.definition.parameters.slice(1)), new Map());
    if (!isAten(result)) throw net.refuse(`it returns ${scriptTitle(result)}`);
    if (this.#waiting.size > 0) throw needsShape(net, [...this.#waiting.values()].join(', '));
    const outputs = planResults(net, result, this.#names);
    return { graph: net.graph, outputs, source: { class: root.title, library: 'torch', version: undefined } };
  }

  /** Tensors are inputs; everything else has the value that it has by itself. */
  #inputs(parameters: ScriptParameters): ScriptValue[] {
    const net = this.#net;
    const required = parameters.filter(({ fallback }) => fallback === undefined);
    const { inputShape } = this.#planned.options;
    if (required.length === 0) throw net.refuse('it takes no tensor');
    if (inputShape !== undefined && inputShape.length > MAX_RANK)
      throw net.refuse(`an input of ${inputShape.length} dimensions`);
    return required.map(({ name, type = 'Tensor' }) => {
      if (type !== 'Tensor') throw net.refuse(`its input ${name.slice(0, 80)} is ${type.slice(0, 80)}, not a tensor`);
      const own = required.length === 1 ? 'input' : name;
      this.#names.add(own);
      if (inputShape !== undefined) return this.#input(own, ['batch', ...inputShape]);
      // Its shape is that which the first operator takes.
      const cell = new AtenTensor(new AtenDatum({ type: this.#type, shape: [] }, () => needed(net, own)));
      this.#waiting.set(cell, own);
      return cell;
    });
  }

  #input(name: string, shape: readonly GraphSize[]): AtenTensor {
    const tensor = this.#net.input(name, this.#type, shape);
    return new AtenTensor(new AtenDatum({ type: this.#type, shape }, () => tensor));
  }

  #before(name: string, positional: readonly AtenValue[], named: ReadonlyMap<string, AtenValue>): void {
    const given = [...positional, ...named.values()];
    for (const value of given) {
      const waiting = value instanceof AtenTensor ? this.#waiting.get(value) : undefined;
      if (!(value instanceof AtenTensor) || waiting === undefined) continue;
      const shape = value === positional[0] ? shapeFor(name, { positional, named }) : undefined;
      if (shape === undefined) throw needsShape(this.#net, waiting);
      this.#waiting.delete(value);
      const { datum } = this.#input(waiting, shape);
      if (datum !== undefined) value.change(datum);
    }
    const [, indices] = positional;
    if (name === 'embedding' && indices instanceof AtenTensor && indices.datum?.type !== 'int64')
      this.wantsIntegers = true;
  }
}

type ScriptParameters = readonly {
  readonly name: string;
  readonly type: string | undefined;
  readonly fallback: unknown;
}[];
