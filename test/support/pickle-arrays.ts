import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { readTree } from '../oracles/lists/read-tree.ts';
import { call, copyOf, int, leaf, type Made, makerOf, type Node, name, nodesOf, tuple } from '../oracles/lists/tree.ts';
import { writeTree } from '../oracles/lists/write-tree.ts';
import { scanPickleBytes } from './scan-pickle-bytes.ts';

export const none = leaf(null);

/** The verdict of a pickle, and the rules of its findings. */
export async function judged(root: Node) {
  const { verdict, findings } = await scanPickleBytes(writeTree(root, 4));
  return [verdict, ...new Set(findings.map(({ ruleId }) => ruleId))];
}

export const CLEAN = ['clean'];
export const UNEXPECTED = ['suspicious', 'pickle.contract.unexpected'];

export function dtype(code: string, ...more: Node[]): Made {
  const made = call(name('numpy:dtype'), leaf(code), leaf(false), leaf(true));
  const flags = code === 'O8' ? 63 : 0;
  const version = more.length > 0 ? 4 : 3;
  const order = leaf(code === 'O8' ? '|' : '<');
  const state = tuple(int(version), order, none, none, none, int(-1), int(-1), int(flags), ...more);
  made.steps.push({ does: 'build', items: [state] });
  return made;
}

export function array(type: Node, shape: readonly number[], content: Node): Made {
  const made = call(
    name('numpy.core.multiarray:_reconstruct'),
    name('numpy:ndarray'),
    tuple(int(0)),
    leaf(Buffer.from('b')),
  );
  const sizes = tuple(...shape.map((size) => int(size)));
  made.steps.push({ does: 'build', items: [tuple(int(1), sizes, type, leaf(false), content)] });
  return made;
}

export function numbers(...values: number[]): Made {
  return array(dtype('i4'), [values.length], leaf(new Uint8Array(Int32Array.from(values).buffer)));
}

export function floats(...values: number[]): Made {
  return array(dtype('f8'), [values.length], leaf(new Uint8Array(Float64Array.from(values).buffer)));
}

/** A real file with a change in every object of one creator. */
export function changed(path: string, maker: string, change: (made: Made) => void): Node {
  const root = copyOf(readTree(readFileSync(`fixtures/benign/${path}`)).root);
  const found = nodesOf(root).filter((node): node is Made => node.kind === 'made' && makerOf(node) === maker);
  expect(found.length).toBeGreaterThan(0);
  for (const made of found) change(made);
  return root;
}
