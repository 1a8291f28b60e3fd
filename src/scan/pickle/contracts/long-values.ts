import type { Value } from '../../../formats/pickle/index.ts';
import { type Breach, type ContractContext, unexpected } from './contract.ts';

/** What holds more than its bytes: numbers of a range, addresses of a network, clusters that a number announces. */
const LONG = /^(?:(?:builtins|__builtin__):x?range|ipaddress:IPv[46]Network|igraph\.(?:clustering|cut):\w+)$/;

/** A collection that is made of such a value goes through all of it, which takes hours, or more memory than there is. */
export function longValue(args: readonly Value[], context: ContractContext): Breach | undefined {
  const long = args.some((arg) => {
    const maker = context.madeBy(arg);
    return maker !== undefined && LONG.test(`${maker.module}:${maker.name}`);
  });
  return long ? unexpected('it is handed a range, a network or clusters, which it may go through') : undefined;
}
