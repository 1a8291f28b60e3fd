import { quotedName } from '../../core/index.ts';
import type { Network } from '../network/index.ts';
import { planOutput } from '../network/index.ts';
import type { PlannedOutput } from '../onnx-source/index.ts';
import { heldBy } from './call.ts';
import { AtenTensor, type AtenValue, isOfKind, valueTitle } from './values.ts';

const MAX_OUTPUTS = 1_000;
const MAX_DEPTH = 8;
const MAX_NAME = 200;

/**
 * Makes what a program returns the outputs of the model: `output`, or by the place or the name within what is returned. None is left out.
 * @param inputs the names of the inputs
 * @throws AssayError `unsupported` for what is not a tensor
 */
export function planResults(net: Network, result: AtenValue, inputs: ReadonlySet<string>): PlannedOutput[] {
  const outputs = new Map<string, AtenTensor>();
  collect(net, result, '', outputs, 0);
  for (const name of outputs.keys())
    if (inputs.has(name)) throw net.refuse(`an input and an output are both named ${quotedName(name)}`);
  if (outputs.size === 0) throw net.refuse('it returns no tensor');
  return [...outputs].map(([name, cell]) => planOutput(net, name, heldBy(cell, net).tensor, 'values'));
}

function collect(net: Network, value: AtenValue, path: string, outputs: Map<string, AtenTensor>, depth: number): void {
  const name = path === '' ? 'output' : path;
  if (value === null) return;
  if (value instanceof AtenTensor) {
    if (outputs.size >= MAX_OUTPUTS) throw net.refuse(`it returns more than ${MAX_OUTPUTS} tensors`);
    if (outputs.has(name) || name.length > MAX_NAME)
      throw net.refuse(`${quotedName(name)} cannot be the name of a result`);
    outputs.set(name, value);
    return;
  }
  if (depth >= MAX_DEPTH) throw net.refuse('what it returns is nested too deep');
  if (isOfKind(value, 'dict')) {
    for (const { key, value: one } of value.entries.values()) {
      if (typeof key !== 'string') throw net.refuse(`it returns a dict with ${valueTitle(key)} as a key`);
      collect(net, one, path === '' ? key : `${path}_${key}`, outputs, depth + 1);
    }
    return;
  }
  if (!isOfKind(value, 'list') && !isOfKind(value, 'tuple')) throw net.refuse(`it returns ${valueTitle(value)}`);
  const names = isOfKind(value, 'tuple') ? value.names : undefined;
  for (const [index, one] of value.items.entries()) {
    const own = names?.[index];
    collect(
      net,
      one,
      own === undefined ? `${name}_${index}` : path === '' ? own : `${path}_${own}`,
      outputs,
      depth + 1,
    );
  }
}
