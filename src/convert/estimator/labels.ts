import type { Inert } from '../../formats/pickle/inert/index.ts';
import type { HeldArray } from '../numpy/index.ts';

/** The classes that a classifier tells apart, in its order. */
export type Labels =
  | { readonly kind: 'integers'; readonly values: readonly bigint[] }
  | { readonly kind: 'texts'; readonly values: readonly string[] };

export function labelCount(labels: Labels): number {
  return labels.values.length;
}

/** The labels that the elements of an array are; `undefined` for other elements, and for those of several kinds. */
export function labelsOf(array: HeldArray): Labels | undefined {
  const texts = array.texts();
  if (texts !== undefined) return { kind: 'texts', values: texts };
  const integers = array.integers();
  if (integers !== undefined) return integersOf(integers);
  const objects = array.objects();
  if (objects !== undefined) return ofObjects(objects);
  const numbers = array.numbers();
  return numbers?.every(Number.isSafeInteger) ? { kind: 'integers', values: [...numbers].map(BigInt) } : undefined;
}

function ofObjects(objects: readonly Inert[]): Labels | undefined {
  const texts = objects.filter((one) => typeof one === 'string');
  if (texts.length === objects.length) return { kind: 'texts', values: texts };
  const whole = objects.flatMap((one) => wholeOf(one) ?? []);
  return whole.length === objects.length ? integersOf(whole) : undefined;
}

function wholeOf(value: Inert): bigint | undefined {
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'bigint') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : undefined;
}

/** Labels of ONNX are signed integers of 64 bits. */
function integersOf(values: readonly bigint[]): Labels | undefined {
  return values.every((value) => value === BigInt.asIntN(64, value)) ? { kind: 'integers', values } : undefined;
}
