import { quotedName } from '../../core/index.ts';
import { startsWith } from '../../formats/index.ts';
import {
  AtenDatum,
  AtenRunner,
  AtenTensor,
  type AtenValue,
  atenList,
  isSizeName,
  type KnownIntegers,
  planResults,
  readIntegers,
  Weights,
} from '../aten/index.ts';
import { type GraphSize, Network } from '../network/index.ts';
import type { OnnxReadOptions, OnnxSource, PlannedModel } from '../onnx-source/index.ts';
import type { InputFile } from '../tensors/index.ts';
import { type ExportedArchive, isExported, openExported } from './archive.ts';
import type { JsonPart } from './json.ts';
import { runNodes } from './nodes.ts';
import { argumentOf, type ProgramValues } from './values.ts';

/** Versions of the schema that are read (torch/_export/serde/schema.py, `SCHEMA_VERSION`). */
const SCHEMA_VERSIONS: ReadonlySet<number> = new Set([8]);
/** Element types of inputs. */
const INPUT_TYPES: ReadonlyMap<number, 'float32' | 'int64'> = new Map([
  [4, 'int64'],
  [5, 'int64'],
  [6, 'float32'],
  [7, 'float32'],
  [8, 'float32'],
  [13, 'float32'],
]);

const MAX_NAME = 200;

/** Programs of PyTorch, saved with `torch.export.save`. */
export const EXPORTED_PROGRAM: OnnxSource = {
  id: 'exported-program',
  title: 'exported program of PyTorch',
  matches: (file, head) => startsWith(head, 'PK\x03\x04') && isExported(file),
  async plan(file: InputFile, options: OnnxReadOptions): Promise<PlannedModel> {
    const archive = await openExported(file, options);
    const known = await readIntegers([...archive.weights.values(), ...archive.constants.values()], options);
    return planProgram(file, archive, known, options);
  },
};

function planProgram(
  { path }: InputFile,
  { program, weights, constants }: ExportedArchive,
  known: KnownIntegers,
  options: OnnxReadOptions,
): PlannedModel {
  const net = new Network(options, path);
  const version = program.get('schema_version').get('major').whole();
  if (!SCHEMA_VERSIONS.has(version))
    throw net.refuse(`its schema has the version ${version}`, 'export it with PyTorch 2.6 or newer');
  const runner = new AtenRunner(net, options.budget);
  const cells = new Weights(runner, known);
  const graphModule = program.get('graph_module');
  const signature = graphModule.get('signature');
  const graph = graphModule.get('graph');
  const specs = signature.get('input_specs').items();
  const given = specs.filter((spec) => spec.kind()[0] === 'user_input');
  const inputs = new InputNames(graph, net, given.length === 1 ? 'input' : undefined);
  const values: ProgramValues = new Map();
  for (const spec of specs) {
    const [kind, part] = spec.kind();
    const tensor = (list: typeof weights, key: string) => {
      const name = part.get(key).text();
      const found = list.get(name) ?? (kind === 'buffer' ? constants.get(name) : undefined);
      if (found === undefined)
        throw part.broken(`names ${JSON.stringify(name.slice(0, 80))}, which is not in the archive`);
      values.set(part.get('arg').get('name').text(), cells.cell(found));
    };
    if (kind === 'parameter') tensor(weights, 'parameter_name');
    else if (kind === 'buffer') tensor(weights, 'buffer_name');
    else if (kind === 'tensor_constant') tensor(constants, 'tensor_constant_name');
    else if (kind === 'user_input') inputs.add(part.get('arg'), values);
    else if (kind === 'constant_input') values.set(part.get('name').text(), argumentOf(part.get('value'), values, net));
    else throw net.refuse(`an input of the kind ${kind.slice(0, 40)} is not converted`);
  }
  runNodes(graph.get('nodes'), values, runner, options.budget);
  const results = signature
    .get('output_specs')
    .items()
    .map((spec): AtenValue => {
      const [kind, part] = spec.kind();
      if (kind === 'user_output' || kind === 'loss_output') return argumentOf(part.get('arg'), values, net);
      throw net.refuse(
        `it changes something while it runs (${kind.slice(0, 40)})`,
        'export the model after model.eval()',
      );
    });
  const [only] = results;
  const outputs = planResults(net, results.length === 1 && only !== undefined ? only : atenList(results), inputs.names);
  const torch = program.find('torch_version')?.text().split('+')[0];
  return {
    graph: net.graph,
    outputs,
    source: { class: 'ExportedProgram', library: 'torch', version: torch?.slice(0, 40) },
  };
}

/** The inputs of a program, with their shapes. */
class InputNames {
  readonly #graph: JsonPart;
  readonly #net: Network;
  readonly #tensors: ReadonlyMap<string, JsonPart>;
  readonly #only: string | undefined;
  readonly names = new Set<string>();
  /** What sizes are called, by their symbols. */
  readonly #sizes = new Map<string, string>();

  /** @param only the name of an input that is alone */
  constructor(graph: JsonPart, net: Network, only: string | undefined) {
    this.#graph = graph;
    this.#only = only;
    this.#net = net;
    this.#tensors = new Map(graph.get('tensor_values').entries());
  }

  add(argument: JsonPart, values: ProgramValues): void {
    const [kind, part] = argument.kind();
    if (kind !== 'as_tensor')
      throw this.#net.refuse(`an input of the kind ${kind.slice(0, 40)} is not converted: it is not a tensor`);
    const name = part.get('name').text();
    const meta = this.#tensors.get(name);
    if (meta === undefined) throw this.#graph.broken(`does not describe the input ${name.slice(0, 80)}`);
    const code = meta.get('dtype').whole();
    const type = INPUT_TYPES.get(code);
    if (type === undefined) throw this.#net.refuse(`its input ${name.slice(0, 80)} has the element type ${code}`);
    const sizes = meta.get('sizes').items();
    const shape = sizes.map((size, axis): GraphSize => this.#size(size, axis));
    const own = this.#only ?? name;
    if (own === '' || own.length > MAX_NAME || this.names.has(own))
      throw this.#net.broken(`${quotedName(own)} cannot be the name of an input`);
    this.names.add(own);
    const declared = shape.map((size, axis) => size ?? `${own}_${axis}`);
    const tensor = { ...this.#net.input(own, type, declared), shape };
    values.set(name, new AtenTensor(new AtenDatum({ type, shape }, () => tensor)));
  }

  /** A number, or a symbol: that of the first one of a first dimension is the batch. */
  #size(size: JsonPart, axis: number): GraphSize {
    const [kind, part] = size.kind();
    if (kind === 'as_int') return part.count();
    const text = part.get('expr_str').text();
    const symbol = /^Symbol\('(\w+)'(?:, \w+=\w+)*\)$/.exec(text)?.[1] ?? text;
    if (!isSizeName(symbol)) return undefined;
    const known = this.#sizes.get(symbol);
    if (known !== undefined) return known;
    const name = axis === 0 && ![...this.#sizes.values()].includes('batch') ? 'batch' : symbol;
    this.#sizes.set(symbol, name);
    return name;
  }
}
