import type { Value } from '../../../formats/pickle/index.ts';
import type { ListedGlobal } from '../../lists/index.ts';
import { type Breach, type ContractContext, unexpected } from './contract.ts';

/** Values that expand to more than their bytes: a range and what goes through it, the addresses of a network, clusters. */
const LONG =
  /^(?:(?:builtins|__builtin__):(?:x?range|iter)|itertools:cycle|ipaddress:IPv[46]Network|igraph\.(?:clustering|cut):\w+)$/;

/** These read what they are given only when they are read themselves, and have contracts. */
const READERS: ReadonlySet<string> = new Set(['builtins:iter', '__builtin__:iter', 'itertools:cycle']);

/** A collection made from such a value iterates over all of it, which can take hours or exhaust memory. */
export function longValue(
  entry: Pick<ListedGlobal, 'module' | 'name'>,
  args: readonly Value[],
  context: ContractContext,
): Breach | undefined {
  if (READERS.has(`${entry.module}:${entry.name}`)) return undefined;
  const long = args.some((arg) => {
    const maker = context.madeBy(arg);
    return maker !== undefined && LONG.test(`${maker.module}:${maker.name}`);
  });
  return long
    ? unexpected('it is given a range, a network or clusters, and may loop over all of their values')
    : undefined;
}
