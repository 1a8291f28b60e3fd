import { type KerasNode, valuesUnder } from './document.ts';
import type { Walk } from './walk.ts';

/** Weights of one layer that no machine has room for: 32 GiB of float32. */
const MAX_WEIGHTS = 2 ** 33;
/** No size is larger: 2^40 bytes are a terabyte. */
const MAX_SIZE = 2 ** 40;

/** Arguments that say how many outputs a layer has, and so how many weights. */
const WIDTHS: ReadonlySet<string> = new Set([
  'units',
  'filters',
  'input_dim',
  'output_dim',
  'num_tokens',
  'max_tokens',
  'num_bins',
]);
/** Arguments that say how many weights there are for each of them. */
const FACTORS: ReadonlySet<string> = new Set(['kernel_size', 'depth_multiplier', 'num_heads', 'key_dim']);

/** The sizes of one layer, as far as its own configuration tells them. */
export function allocationOf(judge: Walk, name: string, node: KerasNode, path: string): void {
  for (const config of valuesUnder(node, 'config')) {
    if (config.kind !== 'object') continue;
    let weights = 1;
    for (const { key, value } of config.entries) {
      const sizes = numbersOf(value);
      const product = sizes.reduce((all, size) => all * Math.max(1, Math.abs(size)), 1);
      if (key.endsWith('shape') && product > MAX_SIZE) tooLarge(judge, name, `${path}.${key}`);
      if (WIDTHS.has(key) || FACTORS.has(key)) weights *= product;
      if (WIDTHS.has(key)) noteWidth(judge.widths, product);
    }
    const recurrent = /^(?:LSTM|GRU|SimpleRNN)(?:Cell)?$/.test(name)
      ? (numbersOf(valuesUnder(config, 'units')[0])[0] ?? 1)
      : 1;
    if (weights * recurrent > MAX_WEIGHTS) tooLarge(judge, name, path);
  }
  for (const build of valuesUnder(node, 'build_config'))
    for (const shape of valuesUnder(build, 'input_shape')) {
      const product = numbersOf(shape).reduce((all, size) => all * Math.max(1, Math.abs(size)), 1);
      if (product > MAX_SIZE) tooLarge(judge, name, `${path}.build_config`);
    }
}

/** Once all layers are known. */
export function judgeWidths(judge: Walk): void {
  const [first, second] = judge.widths;
  if (first * second > MAX_WEIGHTS) tooLarge(judge, 'layers', `the layers with ${first} and ${second} units`);
}

function tooLarge(judge: Walk, subject: string, path: string): void {
  judge.findings.add('allocation', subject, `${path} would take more memory than a machine has.`);
}

function noteWidth(largest: [number, number], width: number): void {
  if (width > largest[0]) {
    largest[1] = largest[0];
    largest[0] = width;
  } else if (width > largest[1]) largest[1] = width;
}

function numbersOf(node: KerasNode | undefined): readonly number[] {
  if (node?.kind === 'number') return [Number(node.text)].filter((value) => Number.isFinite(value));
  return node?.kind === 'list' ? node.items.flatMap((item) => (item.kind === 'list' ? [] : numbersOf(item))) : [];
}
