import type { Contract } from './contract.ts';

/** Functions that make an instance of their first argument. */
const CLASS_FIRST =
  /^(_reconstructor|_reconstruct|_mareconstruct|_mrreconstruct|newObj|new_object|_new_[A-Za-z]*Index|_array_reconstructor|__pyx_unpickle_\w+)$/;

export function isClassFirst(name: string): boolean {
  return CLASS_FIRST.test(name);
}

/** The first argument is instantiated with the others. */
export const classFirst: Contract = (args, context) =>
  context.plain(args[0]) === undefined ? 'the first argument is not a listed class' : undefined;
