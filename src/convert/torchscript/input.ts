import { AtenTensor, type AtenValue, isOfKind, type OperatorArguments } from '../aten/index.ts';
import type { GraphSize, Network } from '../network/index.ts';

const NEEDS_SHAPE = 'give it without the batch: --input-shape 3,224,224';
const SPACE = [['length'], ['height', 'width'], ['depth', 'height', 'width']] as const;

/** The shape that an operator takes as its first input; `undefined` where it takes any. */
export function shapeFor(name: string, { positional }: OperatorArguments): readonly GraphSize[] | undefined {
  const weight = shapeOf(positional[1]);
  const space = weight === undefined ? undefined : SPACE[weight.length - 3];
  const [first, second] = weight ?? [];
  switch (name) {
    case 'linear':
      return weight?.length === 2 ? ['batch', second] : undefined;
    case 'embedding':
      return undefined;
    case 'conv1d':
    case 'conv2d':
    case 'conv3d':
    case '_convolution': {
      const groups = groupsOf(name, positional);
      if (space === undefined || typeof second !== 'number' || groups === undefined) return undefined;
      return ['batch', second * groups, ...space];
    }
    case 'conv_transpose1d':
    case 'conv_transpose2d':
    case 'conv_transpose3d':
      return space === undefined ? undefined : ['batch', first, ...space];
    default:
      return undefined;
  }
}

function groupsOf(name: string, positional: readonly AtenValue[]): number | undefined {
  const isAny = name === '_convolution';
  if (isAny && positional[6] === true) return undefined;
  const groups = positional[isAny ? 8 : 6];
  if (groups === undefined) return 1;
  return isOfKind(groups, 'int') ? groups.value : undefined;
}

function shapeOf(value: AtenValue | undefined): readonly GraphSize[] | undefined {
  return value instanceof AtenTensor ? value.datum?.shape : undefined;
}

/** @throws AssayError `unsupported` for an input whose shape nothing tells */
export function needsShape(net: Network, name: string) {
  return net.refuse(`the shape of its input ${name} is not in the file`, NEEDS_SHAPE);
}

/** In place of a tensor of an input whose shape is not known. */
export function needed(net: Network, name: string): never {
  throw needsShape(net, name);
}
