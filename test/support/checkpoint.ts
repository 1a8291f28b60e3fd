import { buildZip } from './containers.ts';
import { assemble, global, type Instruction, text } from './pickle-asm.ts';

/** A float tensor of a shape over storage `key`, as `torch.save` pickles it. */
export function tensor(key: string, shape: readonly number[], strides: readonly number[]): Instruction[] {
  return [global('torch._utils', '_rebuild_tensor_v2'), ...argumentsOf(key, shape, strides), 'REDUCE'];
}

const NO_HOOKS: readonly Instruction[] = [global('collections', 'OrderedDict'), 'EMPTY_TUPLE', 'REDUCE'];

/** The arguments of the call that makes it. */
export function argumentsOf(
  key: string,
  shape: readonly number[],
  strides: readonly number[],
  hooks: readonly Instruction[] = NO_HOOKS,
): Instruction[] {
  const count = shape.reduce((product, size) => product * size, 1);
  const view: Instruction[] = [...storage(key, count), ['BININT1', 0], ...sizes(shape), ...sizes(strides)];
  return ['MARK', ...view, 'NEWFALSE', ...hooks, 'TUPLE'];
}

/** A storage of floats. */
export function storage(key: string, count: number): Instruction[] {
  const id: Instruction[] = [text('storage'), global('torch', 'FloatStorage'), text(key), text('cpu')];
  return ['MARK', ...id, ['BININT1', count], 'TUPLE', 'BINPERSID'];
}

function sizes(counts: readonly number[]): Instruction[] {
  return ['MARK', ...counts.map((count): Instruction => ['BININT1', count]), 'TUPLE'];
}

/** A dict of these entries. */
export function dict(entries: Readonly<Record<string, readonly Instruction[]>>): Instruction[] {
  const items = Object.entries(entries).flatMap(([name, value]) => [text(name), ...value]);
  return ['EMPTY_DICT', 'MARK', ...items, 'SETITEMS'];
}

/** What `torch.save` writes for the value that the program makes, with float storages of these numbers. */
export function checkpoint(
  program: readonly Instruction[],
  storages: Readonly<Record<string, readonly number[]>>,
): Uint8Array {
  return buildZip([
    { name: 'model/data.pkl', data: assemble(['PROTO', 2], ...program, 'STOP') },
    { name: 'model/byteorder', data: Buffer.from('little') },
    ...Object.entries(storages).map(([key, numbers]) => ({
      name: `model/data/${key}`,
      data: Buffer.from(Float32Array.from(numbers).buffer),
    })),
    { name: 'model/version', data: Buffer.from('3\n') },
  ]);
}

/** A state dict of two tensors, and further entries. */
export function twoTensors(more: Readonly<Record<string, readonly Instruction[]>> = {}): Uint8Array {
  return checkpoint(dict({ weight: tensor('0', [2, 2], [2, 1]), bias: tensor('1', [2], [1]), ...more }), {
    0: [1, 2, 3, 4],
    1: [5, 6],
  });
}

/** A call of a function with one text. */
export function call(module: string, name: string, argument: string): Instruction[] {
  return [global(module, name), text(argument), 'TUPLE1', 'REDUCE'];
}
