import { type Contract, textAt, unexpected } from '../contract.ts';
import { otherThan } from '../numbers.ts';

/** Characters of the name of a log: `getLogger` takes time for each of its dots times its length. */
const MAX_NAME = 256;

/** `logging.getLogger(name)`, by which a log is pickled. */
const log: Contract = (args, context) => {
  const name = textAt(args, 0, context);
  if (context.state.waits) return undefined;
  if (args.length !== 1 || name === undefined) return otherThan(args[0], 'the name of a log');
  return name.length <= MAX_NAME ? undefined : unexpected('the name of a log is longer than names are');
};

export const LOG_CALLS: readonly (readonly [string, Contract])[] = [['logging:getLogger', log]];
