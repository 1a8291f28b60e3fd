import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, FileBudget, type Limits } from '../../core/index.ts';
import type { RunnableModel } from '../../formats/arrays/index.ts';
import { type OnnxDimension, type OnnxValue, readOnnx } from '../../formats/onnx/index.ts';

/** Other libraries compute in another order. */
const TOLERANCE = { absolute: 1e-5, relative: 1e-4 };

/**
 * What a model takes and gives, as its graph says: for a model that others converted.
 * @throws AssayError `malformed`, `truncated`, `unsupported`, `limit` of the model
 */
export async function runnableGraph(source: ByteSource, limits: Limits): Promise<RunnableModel> {
  const budget = new FileBudget(limits, source.size);
  try {
    const { model } = await readOnnx(source, { limits, budget });
    const { graph } = model;
    const given = new Set(graph.initializers.map(({ name }) => name));
    const inputs = graph.inputs.filter(({ name }) => !given.has(name)).map((input) => portOf(input, 'input'));
    const outputs = graph.outputs.map((output) => {
      const port = portOf(output, 'output');
      return { ...port, role: port.type === 'float32' ? ('values' as const) : ('label' as const) };
    });
    return {
      inputs: inputs.map((input) => ({ ...input, ranges: [] })),
      outputs,
      tolerances: outputs.map(({ name }) => ({ output: name, ...TOLERANCE })),
    };
  } finally {
    budget.close();
  }
}

function portOf({ name, type }: OnnxValue, what: string) {
  const element = type?.kind === 'tensor' ? type.element : undefined;
  if (type?.kind !== 'tensor' || (element !== 'float32' && element !== 'int64' && element !== 'string'))
    throw new AssayError('unsupported', `the ${what} ${JSON.stringify(name)} is neither float32, int64 nor text`);
  return { name, type: element, shape: sizesOf(type.shape ?? []) };
}

/** The rows are the first dimension: the program in the sandbox gave the model several, and converters name them as they like. */
function sizesOf(shape: readonly OnnxDimension[]): (number | string)[] {
  return shape.map(({ size }, axis) => (axis === 0 && typeof size !== 'number' ? 'batch' : (size ?? '')));
}
