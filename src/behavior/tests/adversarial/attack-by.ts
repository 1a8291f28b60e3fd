import {
  type AttackBatch,
  type AttackOptions,
  type AttackResult,
  type AttackTarget,
  apgd,
  autoAttack,
  fab,
  fgsm,
  hopSkipJump,
  nes,
  pgd,
  type SquareOptions,
  simba,
  square,
  targetedApgd,
} from '../../attacks/index.ts';
import type { AdversarialOptions } from './options.ts';

const USUAL = { steps: 20, queries: 300 };
/** Of its paper. */
const AUTO = { steps: 100, queries: 5_000 };

/** What an attack found, and what only some attacks tell. */
export interface AttackFound extends AttackResult {
  /** How far the nearest adversarial input of each row is. */
  readonly nearest?: Float64Array;
  /** Rows that each attack of several felled. */
  readonly felled?: readonly { readonly attack: string; readonly rows: number; readonly of: number }[];
}

/** Attacks rows by the attack that a suite names. @param shape of a row */
export async function attackBy(
  { attack, restarts = 1, ...given }: AdversarialOptions,
  target: AttackTarget,
  batch: AttackBatch,
  shape: readonly number[],
  shared: AttackOptions,
): Promise<AttackFound> {
  const usual = attack === 'autoattack' ? AUTO : USUAL;
  const { steps = usual.steps, queries = usual.queries } = given;
  switch (attack) {
    case 'fgsm':
      return await fgsm(target, batch, shared);
    case 'pgd':
      return await pgd(target, batch, { ...shared, steps, restarts, stepSize: (2.5 * shared.eps) / steps });
    case 'apgd':
      return await apgd(target, batch, { ...shared, steps, restarts });
    case 'apgd-t':
      return await targetedApgd(target, batch, { ...shared, steps });
    case 'fab':
      return await fab(target, batch, { ...shared, steps, restarts });
    case 'autoattack':
      return await autoAttack(target, batch, { ...shared, steps, queries, ...imageOf(shape) });
    case 'nes':
      return await nes(target, batch, { ...shared, steps, stepSize: (2.5 * shared.eps) / steps, budget: queries });
    case 'simba':
      return await simba(target, batch, {
        ...shared,
        tries: Math.ceil(queries / 2),
        stepSize: shared.eps,
        budget: queries,
      });
    case 'hop-skip-jump':
      return await hopSkipJump(target, batch, { ...shared, steps, budget: queries });
    case 'square':
      return await square(target, batch, { ...shared, queries, ...imageOf(shape) });
  }
}

/** Squares are of the pixels of an image, all channels of it. */
function imageOf(shape: readonly number[]): Pick<SquareOptions, 'image'> {
  const [channels, height, width, ...more] = shape;
  if (channels === undefined || height === undefined || width === undefined || more.length > 0) return {};
  return { image: [channels, height, width] };
}
