import { AssayError } from '../../core/index.ts';
import type { RunTensor } from '../../sandbox/index.ts';
import type { Runner } from '../onnx/index.ts';
import type { Outputs } from './compare.ts';
import type { Feeds } from './feeds.ts';
import { hasRows, type RunnableModel } from './model.ts';
import { arrayOfTensor, type PlainArray } from './plain-array.ts';

/** Rows of one run, and elements of an input: operators hold many numbers for each. */
const PART_ROWS = 256;
const PART_ELEMENTS = 1024 * 1024;

/** The rows of one run that is not too large. */
export function partOf(model: RunnableModel, { tensors, rows }: Feeds): number {
  if (!hasRows(model)) return rows;
  const widest = Math.max(1, ...[...tensors.values()].map(({ data }) => data.length / rows));
  return Math.max(1, Math.min(PART_ROWS, rows, Math.floor(PART_ELEMENTS / widest)));
}

/**
 * Runs all rows, so many at a time.
 * @throws AssayError what the runner throws
 */
export async function runRows(
  runner: Pick<Runner, 'run'>,
  model: RunnableModel,
  feeds: Feeds,
  part: number,
  signal: AbortSignal | undefined,
): Promise<Outputs> {
  if (!hasRows(model) || part >= feeds.rows) return plain(await runner.run(feeds.tensors), model);
  const parts: Outputs[] = [];
  for (let row = 0; row < feeds.rows; row += part) {
    if (signal?.aborted === true) throw new AssayError('aborted', 'stopped before the end', { cause: signal.reason });
    const { tensors } = someRows(feeds, row, Math.min(feeds.rows, row + part));
    parts.push(plain(await runner.run(tensors), model));
  }
  return new Map(
    model.outputs.map(({ name }) => [
      name,
      joined(
        parts.map((one) => one.get(name)),
        name,
      ),
    ]),
  );
}

/** Some rows of the inputs. */
export function someRows({ tensors, rows, rounded }: Feeds, from: number, to: number): Feeds {
  const some = new Map([...tensors].map(([name, tensor]) => [name, sliced(tensor, from, to, rows)]));
  return { tensors: some, rows: to - from, rounded };
}

/** The outputs that are compared; a graph may have others. */
function plain(results: ReadonlyMap<string, RunTensor>, { outputs }: RunnableModel): Outputs {
  const arrays = outputs.flatMap(({ name }) => {
    const tensor = results.get(name);
    return tensor === undefined ? [] : [[name, arrayOfTensor(tensor)] as const];
  });
  return new Map(arrays);
}

function sliced(tensor: RunTensor, from: number, to: number, rows: number): RunTensor {
  const width = tensor.data.length / rows;
  const dims = [to - from, ...tensor.dims.slice(1)];
  // `slice` of each kind of array makes one of the same kind.
  return { ...tensor, dims, data: tensor.data.slice(from * width, to * width) } as RunTensor;
}

/** The rows of several runs; the outputs of parts whose rows have other shapes stay as they are, and do not compare. */
function joined(parts: readonly (PlainArray | undefined)[], name: string): PlainArray {
  const [first] = parts;
  if (first === undefined) throw new AssayError('internal', `the output ${JSON.stringify(name)} is missing`);
  const known = parts.filter((part) => part !== undefined);
  const dims = [known.reduce((rows, { dims: [own = 0] }) => rows + own, 0), ...first.dims.slice(1)];
  switch (first.kind) {
    case 'texts':
      return { kind: 'texts', dims, values: known.flatMap((part) => (part.kind === 'texts' ? part.values : [])) };
    case 'integers': {
      const values = known.flatMap((part) => (part.kind === 'integers' ? [...part.values] : []));
      return { kind: 'integers', dims, values: BigInt64Array.from(values) };
    }
    case 'numbers': {
      const values = known.flatMap((part) => (part.kind === 'numbers' ? [...part.values] : []));
      return { kind: 'numbers', dims, values: Float64Array.from(values) };
    }
  }
}
