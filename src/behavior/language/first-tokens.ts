import type { Feeds } from '../../formats/arrays/index.ts';
import type { OnnxModel } from '../../formats/onnx/index.ts';
import type { RunTensor } from '../../sandbox/index.ts';
import { decoderOf, feedsOfStep } from './decoder.ts';
import { portsOf } from './ports.ts';

/**
 * The first token of each prompt, as rows that a decoder takes: what it is loaded and looked at with.
 * @throws AssayError `unsupported` for a model that is not a decoder
 */
export function firstTokens(model: OnnxModel, ids: readonly Int32Array[]): Feeds {
  const decoder = decoderOf(portsOf(model));
  const firsts = ids.map(([first = 0]) => feedsOfStep(decoder, [first], 0, undefined));
  const tensors = new Map<string, RunTensor>();
  for (const [name, { dims }] of firsts[0] ?? []) {
    const parts = firsts.flatMap((feeds) => feeds.get(name) ?? []);
    tensors.set(name, joined(parts, [ids.length, ...dims.slice(1)]));
  }
  return { tensors, rows: ids.length, rounded: false };
}

/** Integers, or states without steps. */
function joined(parts: readonly RunTensor[], dims: readonly number[]): RunTensor {
  const [first] = parts;
  if (first?.type === 'float32') return { type: 'float32', dims, data: new Float32Array(0) };
  if (first?.type === 'float16') return { type: 'float16', dims, data: new Uint16Array(0) };
  const values = parts.flatMap((part) => (part.type === 'int64' ? [...part.data] : []));
  return { type: 'int64', dims, data: BigInt64Array.from(values) };
}
