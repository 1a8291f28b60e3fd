import { type Contract, unexpected } from '../contract.ts';
import { spelledBytes } from '../spelled-bytes.ts';

/** Only bytes of the stream, which a reader of their format checks after the stream. */
const onlyBytes: Contract = (args, { state }) => {
  const [bytes] = args;
  const known = args.length === 1 && bytes !== undefined && (spelledBytes(bytes, state)?.at ?? 0) !== 0;
  return known || state.waits ? undefined : unexpected('it is given something other than bytes');
};

export const BYTES_CALLS: readonly (readonly [string, Contract])[] = [
  'shapely.io:from_wkb',
  ...['ExplicitBitVect', 'IntSparseIntVect', 'LongSparseIntVect', 'UIntSparseIntVect', 'ULongSparseIntVect'].map(
    (name) => `rdkit.DataStructs.cDataStructs:${name}`,
  ),
].map((name) => [name, onlyBytes] as const);
