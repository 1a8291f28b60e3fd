import type { OnnxAttribute, OnnxNode } from '../../formats/onnx/index.ts';
import { malformedNode } from './refusals.ts';

/** Items of a list that a node is given. */
const MAX_ITEMS = 64;

/** The attributes of a node, each read as what it has to be. */
export interface NodeAttributes {
  has(name: string): boolean;
  int(name: string, otherwise: number): number;
  float(name: string, otherwise: number): number;
  text(name: string, otherwise: string): string;
  ints(name: string): readonly number[] | undefined;
  floats(name: string): readonly number[] | undefined;
  /** The attributes themselves, for a node that has them, too. */
  readonly all: readonly OnnxAttribute[];
}

/** @throws AssayError `malformed` where one is of another type, or not a number that is exact */
export function attributesOf(node: OnnxNode): NodeAttributes {
  const find = (name: string) => node.attributes.find((one) => one.name === name);
  const wrong = (name: string) => malformedNode(node, `its attribute ${name} is not what the operator takes`);
  const whole = (name: string, value: bigint): number => {
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw wrong(name);
    return number;
  };
  return {
    all: node.attributes,
    has: (name) => find(name) !== undefined,
    int(name, otherwise) {
      const found = find(name);
      if (found === undefined) return otherwise;
      if (found.type !== 'int') throw wrong(name);
      return whole(name, found.value);
    },
    float(name, otherwise) {
      const found = find(name);
      if (found === undefined) return otherwise;
      if (found.type !== 'float' || !Number.isFinite(found.value)) throw wrong(name);
      return found.value;
    },
    text(name, otherwise) {
      const found = find(name);
      if (found === undefined) return otherwise;
      if (found.type !== 'string') throw wrong(name);
      return Buffer.from(found.value).toString('utf8');
    },
    ints(name) {
      const found = find(name);
      if (found === undefined) return undefined;
      if (found.type !== 'ints' || found.value.length > MAX_ITEMS) throw wrong(name);
      return Array.from(found.value, (value) => whole(name, value));
    },
    floats(name) {
      const found = find(name);
      if (found === undefined) return undefined;
      if (found.type !== 'floats' || found.value.length > MAX_ITEMS) throw wrong(name);
      return Array.from(found.value);
    },
  };
}
