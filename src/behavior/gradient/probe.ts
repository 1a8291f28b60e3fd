import { AssayError } from '../../core/index.ts';
import {
  type ExternalSources,
  elementCount,
  type OnnxModel,
  type OnnxTensor,
  type OnnxValue,
  openRunner,
  type RunnerOptions,
  tensorBytes,
} from '../../formats/onnx/index.ts';
import { isTensorType, type RunTensor, type TensorType } from '../../sandbox/index.ts';
import { dependents } from './activity.ts';
import type { OrderedGraph } from './graph.ts';
import { shortName } from './refusals.ts';
import { type TensorFeeds, takesAnyRows, withRows } from './rows.ts';
import { type SeenShape, SeenShapes } from './shapes.ts';
import { Tape } from './tape.ts';

/** How the runtime is asked. */
export interface ProbeOptions extends Pick<RunnerOptions, 'bounds' | 'external' | 'signal'> {
  readonly model: OnnxModel;
  readonly graph: OrderedGraph;
  readonly opset: number;
  readonly maxNodes: number;
  /** A value of each input. */
  readonly example: TensorFeeds;
  /** Tensors whose shapes are asked for, and those whose numbers are. */
  readonly shapesOf: ReadonlySet<string>;
  readonly valuesOf: ReadonlySet<string>;
  /** A tensor whose type is asked for. */
  readonly typeOf: string;
}

export interface Probed {
  readonly shapes: SeenShapes;
  readonly type: TensorType;
  /** How many rows the model takes at a time: any number of them, or exactly so many. */
  readonly rows: number | 'any';
}

/** Numbers of a tensor that is read because a rule asks for them. */
const MAX_VALUES = 1 << 16;
/** Rows of the two runs: what depends on their number differs between them, and is not one element in either. */
const ROWS = [2, 3] as const;

/**
 * Asks the runtime for the shapes of tensors: it runs the model with two numbers of rows.
 * @throws AssayError `usage` for an example that does not fit; what the runner throws
 */
export async function probe(options: ProbeOptions): Promise<Probed> {
  const { graph, example, shapesOf, valuesOf } = options;
  for (const name of graph.inputs)
    if (!example.has(name)) throw new AssayError('usage', `the example has no value for the input ${shortName(name)}`);
  const constants = new Map<string, readonly number[]>();
  const asked = [...valuesOf].filter((name) => !graph.inputs.has(name));
  for (const name of asked) {
    const tensor = graph.constants.get(name);
    const values = tensor === undefined ? undefined : await numbersOf(tensor, options.external);
    if (values !== undefined) constants.set(name, values);
  }
  const computed = dependents(graph);
  const exposed = {
    shapes: [...shapesOf].filter((name) => !graph.inputs.has(name) && !graph.constants.has(name)),
    values: asked.filter((name) => !graph.constants.has(name) && !computed.has(name)),
  };
  const runner = await openRunner({
    model: exposing(options, exposed),
    optimize: false,
    ...given(options),
  });
  try {
    const runs = await runsOf(options, (feeds) => runner.run(feeds));
    const [first, second] = runs.map((run) => seen(run.feeds, run.results, exposed.shapes));
    const shapes = new Map<string, SeenShape>();
    for (const [name, one] of first ?? []) shapes.set(name, { first: one, second: second?.get(name) ?? one });
    for (const [name, { dims }] of graph.constants) shapes.set(name, { first: dims, second: dims });
    for (const name of exposed.values) {
      const values = runs.map(({ results }) => numbersIn(results.get(name)));
      if (values[0] !== undefined && values.every((one) => one?.join() === values[0]?.join()))
        constants.set(name, values[0]);
    }
    const known = runs[0].feeds.get(options.typeOf) ?? runs[0].results.get(options.typeOf);
    if (known === undefined) throw new AssayError('usage', `the model has no value ${shortName(options.typeOf)}`);
    const rows = runs.length === 2 ? 'any' : (known.dims[0] ?? 1);
    return { shapes: new SeenShapes(shapes, constants), type: known.type, rows };
  } finally {
    await runner.close();
  }
}

interface Run {
  readonly feeds: TensorFeeds;
  readonly results: TensorFeeds;
}

/** Two runs with different numbers of rows, or one of the example where the model takes no other number. */
async function runsOf(
  { model, example }: ProbeOptions,
  run: (feeds: TensorFeeds) => Promise<TensorFeeds>,
): Promise<readonly [Run, ...Run[]]> {
  const once = async (feeds: TensorFeeds): Promise<Run> => ({ feeds, results: await run(feeds) });
  if (!model.graph.inputs.some((input) => example.has(input.name) && takesAnyRows(input))) return [await once(example)];
  const repeated = (rows: number): TensorFeeds => withRows(model, example, rows);
  try {
    return [await once(repeated(ROWS[0])), await once(repeated(ROWS[1]))];
  } catch (error) {
    // Some models say that they take any number of rows, and take one number, which is that of the example.
    if (!(error instanceof AssayError) || error.code !== 'unsupported') throw error;
    return [await once(example)];
  }
}

interface Exposed {
  readonly shapes: readonly string[];
  readonly values: readonly string[];
}

/** Tensors whose shapes come as one output: a name for each would be more than the runner passes on. */
const GROUP = 512;

/** The outputs that hold the shapes of a group of tensors, one after another, and how many sizes each has. */
function groupNames(group: number): { readonly sizes: string; readonly ranks: string } {
  return { sizes: `gradient/sizes of ${group}`, ranks: `gradient/ranks of ${group}` };
}

/** The model with the shapes of some tensors as its outputs, and others as they are. */
function exposing({ model, opset, maxNodes, typeOf, graph }: ProbeOptions, { shapes, values }: Exposed): OnnxModel {
  const tape = new Tape(model, opset, 4 * maxNodes);
  const names: string[] = [];
  for (let group = 0; group * GROUP < shapes.length; group++) {
    const sizes = shapes.slice(group * GROUP, (group + 1) * GROUP).map((name) => tape.op('Shape', [name]));
    const ranks = sizes.map((name) => tape.op('Shape', [name]));
    const { sizes: sizesName, ranks: ranksName } = groupNames(group);
    tape.named('Concat', sizes, sizesName, { axis: 0 });
    tape.named('Concat', ranks, ranksName, { axis: 0 });
    names.push(sizesName, ranksName);
  }
  const whole = new Set(values);
  if (!graph.inputs.has(typeOf)) whole.add(typeOf);
  const outputs = [...names, ...whole].map(
    (name): OnnxValue => ({ name, type: undefined, docString: '', metadata: [] }),
  );
  return {
    ...model,
    irVersion: Math.max(model.irVersion, 8),
    graph: { ...model.graph, nodes: [...model.graph.nodes, ...tape.nodes], outputs },
  };
}

function seen(feeds: TensorFeeds, results: TensorFeeds, names: readonly string[]): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  for (const [name, { dims }] of feeds) shapes.set(name, dims);
  for (let group = 0; group * GROUP < names.length; group++) {
    const outputs = groupNames(group);
    const [sizes, ranks] = [numbersIn(results.get(outputs.sizes)), numbersIn(results.get(outputs.ranks))];
    let at = 0;
    for (const [index, name] of names.slice(group * GROUP, (group + 1) * GROUP).entries()) {
      const rank = ranks?.[index];
      if (rank === undefined || sizes === undefined || at + rank > sizes.length)
        throw new AssayError('sandbox', `the shape of ${shortName(name)} did not arrive`);
      shapes.set(name, sizes.slice(at, at + rank));
      at += rank;
    }
  }
  return shapes;
}

function numbersIn(tensor: RunTensor | undefined): readonly number[] | undefined {
  if (tensor === undefined || tensor.type === 'string' || tensor.type === 'float16') return undefined;
  return tensor.data.length > MAX_VALUES ? undefined : Array.from(tensor.data, Number);
}

async function numbersOf(
  tensor: OnnxTensor,
  external: ExternalSources | undefined,
): Promise<readonly number[] | undefined> {
  if (!isTensorType(tensor.type) || elementCount(tensor.dims, tensor.name) > MAX_VALUES) return undefined;
  const bytes = await tensorBytes(tensor, external === undefined ? {} : { external });
  const copy = Uint8Array.from(bytes);
  const { buffer } = copy;
  switch (tensor.type) {
    case 'int64':
      return Array.from(new BigInt64Array(buffer), Number);
    case 'int32':
      return Array.from(new Int32Array(buffer));
    case 'float32':
      return Array.from(new Float32Array(buffer));
    case 'float64':
      return Array.from(new Float64Array(buffer));
    case 'bool':
      return Array.from(copy);
    default:
      return undefined;
  }
}

/** The options of the runner that were given. */
export function given(
  options: Pick<RunnerOptions, 'bounds' | 'external' | 'signal'>,
): Pick<RunnerOptions, 'bounds' | 'external' | 'signal'> {
  const { bounds, external, signal } = options;
  return {
    ...(bounds === undefined ? {} : { bounds }),
    ...(external === undefined ? {} : { external }),
    ...(signal === undefined ? {} : { signal }),
  };
}
