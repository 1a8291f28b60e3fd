import type { GlobalName, PickleState, Value } from '../../formats/pickle/index.ts';
import { BROKEN_CONTRACT, EXTERNAL_FILE } from './rules.ts';
import type { Sayer } from './sayer.ts';

/** joblib's marker, before 0.10, for an array in a file of its own. */
export function isFileMarker({ module, name }: Pick<GlobalName, 'module' | 'name'>): boolean {
  return (name === 'NDArrayWrapper' || name === 'ZNDArrayWrapper') && /(^|\.)numpy_pickle(_compat)?$/.test(module);
}

/** The file that a marker's state names. */
export type NamedFile =
  | { readonly kind: 'beside'; readonly name: string }
  /** A path out of the folder, or one that the stream does not contain. */
  | { readonly kind: 'elsewhere'; readonly shown: string };

/**
 * The file that joblib opens when a marker has its state: `filename`, joined to the folder of the pickle (NDArrayWrapper.read
 * in
 * joblib/numpy_pickle_compat.py). `undefined` while a text is not at hand.
 */
export function namedFile(state: Value, machine: PickleState): NamedFile | undefined {
  const items = machine.itemsOf(state) ?? [];
  let name: string | undefined;
  for (let i = 0; i + 1 < items.length; i += 2) {
    const [key, value] = [items[i], items[i + 1]];
    if (key === undefined || value === undefined || machine.text(key) !== 'filename') continue;
    name = machine.text(value);
  }
  if (machine.waits) return undefined;
  if (name === undefined) return { kind: 'elsewhere', shown: 'a path that loading computes' };
  const plain = !/[/\\\0]/.test(name) && name !== '' && name !== '.' && name !== '..' && !/^[A-Za-z]:/.test(name);
  return plain ? { kind: 'beside', name } : { kind: 'elsewhere', shown: name };
}

/** Reports the file that holds an array of joblib. */
export function sayFile(say: Sayer, state: Value, offset: number, machine: PickleState): void {
  const file = namedFile(state, machine);
  if (file === undefined) return;
  if (file.kind === 'beside')
    say.report(EXTERNAL_FILE, `joblib opens "${file.name}" in the folder of the pickle`, file.name, offset, file.name);
  else
    say.report(
      BROKEN_CONTRACT,
      'joblib opens a file outside of the folder of the pickle',
      file.shown,
      offset,
      file.shown,
    );
}
