import { readFileSync } from 'node:fs';
import { type NpzArray, readNpz } from '../convert/sklearn/npz.ts';
import { type NpyArray, npzBytes } from './npz.ts';

const ROOT = new URL('../../fixtures/convert/sklearn/1.9.1/', import.meta.url).pathname;

/** A model of `fixtures/convert/sklearn`, what it is given, and what scikit-learn computes, as files of arrays. */
export interface SklearnCase {
  readonly model: string;
  readonly inputs: Readonly<Record<string, NpyArray>>;
  readonly outputs: Readonly<Record<string, NpyArray>>;
}

/** @param name such as `bayes/gaussian.pkl` */
export function sklearnCase(name: string): SklearnCase {
  const arrays = [...readNpz(readFileSync(`${ROOT}${name.replace(/\.\w+$/, '.npz')}`))];
  const isInput = (key: string) => key === 'X' || key.startsWith('input:');
  const some = (inputs: boolean) =>
    Object.fromEntries(
      arrays.flatMap(([key, array]) =>
        isInput(key) === inputs ? [[key.replace('input:', ''), npyArray(array, inputs)]] : [],
      ),
    );
  return { model: `${ROOT}${name}`, inputs: some(true), outputs: some(false) };
}

function npyArray({ shape, kind, numbers, texts }: NpzArray, input: boolean): NpyArray {
  if (kind === 'U') return { descr: `<U${Math.max(1, ...texts.map((text) => text.length))}`, shape, values: texts };
  return { descr: kind === 'i' ? '<i8' : input ? '<f4' : '<f8', shape, values: numbers };
}

/** The bytes of the two files. */
export function filesOf({ inputs, outputs }: SklearnCase): { readonly inputs: Buffer; readonly outputs: Buffer } {
  return { inputs: npzBytes(inputs), outputs: npzBytes(outputs) };
}
