import { argumentsOf, dict } from '../../support/checkpoint.ts';
import { buildZip } from '../../support/containers.ts';
import { assemble, global, type Instruction } from '../../support/pickle-asm.ts';

export interface ScriptParts {
  /** Source by its path below `code/`. */
  readonly code: Readonly<Record<string, string>>;
  readonly data: readonly Instruction[];
  readonly storages?: Readonly<Record<string, readonly number[]>>;
  readonly constants?: readonly Instruction[];
  readonly more?: readonly { readonly name: string; readonly data: Buffer }[];
}

/** An object of a class of the code. */
export function object(name: string, state: Readonly<Record<string, readonly Instruction[]>> = {}): Instruction[] {
  const dot = name.lastIndexOf('.');
  return [global(name.slice(0, dot), name.slice(dot + 1)), 'EMPTY_TUPLE', 'NEWOBJ', ...dict(state), 'BUILD'];
}

/** A weight of floats over a storage. */
export function weight(key: string, shape: readonly number[], strides: readonly number[]): Instruction[] {
  return [global('torch._utils', '_rebuild_tensor_v2'), ...argumentsOf(key, shape, strides), 'REDUCE'];
}

/** What `torch.jit.save` writes. */
export function scriptArchive({ code, data, storages = {}, constants, more = [] }: ScriptParts): Uint8Array {
  return buildZip([
    { name: 'm/data.pkl', data: assemble(['PROTO', 2], ...data, 'STOP') },
    ...Object.entries(code).map(([path, text]) => ({ name: `m/code/${path}`, data: Buffer.from(text) })),
    { name: 'm/constants.pkl', data: assemble(['PROTO', 2], ...(constants ?? ['EMPTY_TUPLE']), 'STOP') },
    ...Object.entries(storages).map(([key, numbers]) => ({
      name: `m/data/${key}`,
      data: Buffer.from(Float32Array.from(numbers).buffer),
    })),
    { name: 'm/version', data: Buffer.from('3\n') },
    ...more,
  ]);
}

/** A model of one class with this body of its method forward, and a weight [2, 2]. */
export function forward(body: string, more = '', parameters = 'x: Tensor'): ScriptParts {
  const lines = body.split('\n').map((line) => `    ${line}\n`);
  const head = 'class M(Module):\n  weight : Tensor\n  size : int\n  sizes : List[int]\n';
  return {
    code: {
      '__torch__.py': `${head}  def forward(self: __torch__.M,\n    ${parameters}) -> Tensor:\n${lines.join('')}${more}`,
    },
    data: object('__torch__.M', { weight: weight('0', [2, 2], [2, 1]), size: [['BININT1', 2]], sizes: ['EMPTY_LIST'] }),
    storages: { 0: [1, 2, 3, 4] },
  };
}
