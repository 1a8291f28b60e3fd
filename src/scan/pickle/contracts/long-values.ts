import type { Value } from '../../../formats/pickle/index.ts';
import { type Breach, type ContractContext, unexpected } from './contract.ts';

/** Values that expand to more than their bytes: a range, the addresses of a network, a number of clusters. */
const LONG = /^(?:(?:builtins|__builtin__):x?range|ipaddress:IPv[46]Network|igraph\.(?:clustering|cut):\w+)$/;

/** A collection made from such a value iterates over all of it, which can take hours or exhaust memory. */
export function longValue(args: readonly Value[], context: ContractContext): Breach | undefined {
  const long = args.some((arg) => {
    const maker = context.madeBy(arg);
    return maker !== undefined && LONG.test(`${maker.module}:${maker.name}`);
  });
  return long
    ? unexpected('it is given a range, a network or clusters, and may loop over all of their values')
    : undefined;
}
