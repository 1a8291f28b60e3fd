import { AssayError, quotedName } from '../../core/index.ts';
import type { RunnableModel, RunnableOutput } from '../../formats/arrays/index.ts';
import type { OnnxDimension, OnnxModel, OnnxValue } from '../../formats/onnx/index.ts';
import { isTensorType, type TensorType } from '../../sandbox/index.ts';

/** What a model takes and gives, as its graph says. */
export interface Signature extends RunnableModel {
  readonly outputs: readonly SignatureOutput[];
  /** The rows of each run, where the graph fixes them; `undefined` where it leaves them open, or has none. */
  readonly fixedRows: number | undefined;
}

export interface SignatureOutput extends RunnableOutput {
  readonly type: TensorType;
}

/** Which outputs hold what, where the suite says it. */
export interface OutputRoles {
  /** The output with the label of each row. */
  readonly label?: string;
  /** The output with a score for each class. */
  readonly scores?: string;
}

/** The name of the number of rows: see `hasRows`. */
const ROWS = 'batch';

/**
 * Reads the signature of a graph. The rows are the first dimension, when every input and output leaves its size open, or fixes the same. A text or an integer a row is a label, and numbers of two dimensions are scores, unless `roles` says otherwise.
 * @throws AssayError `unsupported` for inputs or outputs that are not tensors of known types; `usage` for roles of outputs that are missing
 */
export function readSignature({ graph }: OnnxModel, roles: OutputRoles = {}): Signature {
  const given = new Set(graph.initializers.map(({ name }) => name));
  const inputs = graph.inputs.filter(({ name }) => !given.has(name)).map((input) => portOf(input, 'input'));
  const outputs = graph.outputs.map((output) => portOf(output, 'output'));
  for (const [role, name] of Object.entries(roles))
    if (name !== undefined && !outputs.some((output) => output.name === name))
      throw new AssayError(
        'usage',
        `the model has no output ${quotedName(name)}, which holds its ${role} by the suite`,
        {
          hint: `its outputs are ${outputs.map((output) => quotedName(output.name)).join(', ')}`,
        },
      );
  const firsts = [...inputs, ...outputs].map(({ shape }) => shape[0]);
  const [first] = firsts;
  const fixed = typeof first === 'number' && firsts.every((size) => size === first);
  // Exporters give the same size other names.
  const open = firsts.length > 0 && firsts.every((size) => typeof size === 'string');
  const rename = (size: number | string, axis: number) => (axis === 0 && (open || fixed) ? ROWS : size);
  return {
    inputs: inputs.map((input) => ({ ...input, shape: input.shape.map(rename), ranges: [] })),
    outputs: outputs.map((output) => ({ ...output, role: roleOf(output, roles), shape: output.shape.map(rename) })),
    tolerances: [],
    fixedRows: fixed ? first : undefined,
  };
}

interface Port {
  readonly name: string;
  readonly type: TensorType;
  readonly shape: readonly (number | string)[];
}

function roleOf({ name, type, shape }: Port, roles: OutputRoles): RunnableOutput['role'] {
  if (name === roles.label) return 'label';
  if (name === roles.scores) return 'probabilities';
  const flat = shape.length === 1 || (shape.length === 2 && shape[1] === 1);
  if (roles.label === undefined && flat && (type === 'int64' || type === 'int32' || type === 'string')) return 'label';
  if (roles.scores === undefined && shape.length === 2 && !flat && type.startsWith('float')) return 'probabilities';
  return 'values';
}

function portOf({ name, type }: OnnxValue, what: string): Port {
  if (type?.kind !== 'tensor' || type.shape === undefined || !isTensorType(type.element))
    throw new AssayError('unsupported', `the ${what} ${quotedName(name)} is not a tensor of a known type and shape`, {
      hint: 'export the model with tensors as inputs and outputs (skl2onnx: options={id(model): {"zipmap": False}})',
    });
  return { name, type: type.element, shape: type.shape.map(sizeOf) };
}

/** A dimension without a size and a name may have any size; one of no elements is not a size that a model is run with. */
function sizeOf({ size }: OnnxDimension): number | string {
  return typeof size === 'number' && size <= 0 ? '' : (size ?? '');
}
