import type { PickleState } from '../../../../formats/pickle/index.ts';
import { type Breach, type ContractContext, perMachine, unexpected } from '../contract.ts';
import type { SpelledBytes } from '../spelled-bytes.ts';
import type { KnownArray } from './known-array.ts';

/** The bounds that the numbers of an array must keep, because native code uses them without a check. */
export type Keeps =
  /** Each is from `least` on and below `below`. */
  | { readonly kind: 'indexes'; readonly least: number; readonly below: number }
  /** The first is zero, none is less than the one before, the last is at most `most`. */
  | { readonly kind: 'offsets'; readonly most: number }
  /** Records of a tree, each after its parent: see `nodes.ts`. */
  | { readonly kind: 'tree'; readonly features: number }
  | { readonly kind: 'ckdtree'; readonly dimensions: number; readonly points: number }
  | { readonly kind: 'ranges'; readonly points: number };

/** Numbers that are read after the stream. */
export interface Claim {
  /** Of whose state the array is a part. */
  readonly owner: string;
  readonly place: SpelledBytes;
  /** Bytes of one element. */
  readonly width: number;
  readonly keeps: Keeps;
}

const CLAIM_BYTES = 256;

/** Claims of one stream. */
const claimsOf = perMachine((): Claim[] => []);

/**
 * Claims that the numbers of an array keep to bounds; they are read after the stream.
 * @param called the name that was called; else the array is part of the state that BUILD gives
 * @returns a breach where the numbers cannot be read
 */
export function claim(array: KnownArray, keeps: Keeps, context: ContractContext, called?: string): Breach | undefined {
  const { state, target } = context;
  if (state.waits) return undefined;
  if (array.place === undefined) return unexpected('numbers that native code uses as indexes cannot be read');
  const maker = target === undefined ? undefined : context.madeBy(target);
  const owner = called ?? `${maker?.module}.${maker?.name}`;
  state.budget.hold(CLAIM_BYTES);
  claimsOf(state).push({ owner, place: array.place, width: array.itemSize, keeps });
  return undefined;
}

/** Returns the claims of a stream that ended, and releases their memory budget. */
export function closeClaims(machine: PickleState): readonly Claim[] {
  const claims = claimsOf(machine).splice(0);
  machine.budget.release(CLAIM_BYTES * claims.length);
  return claims;
}
