import {
  array,
  flagOf,
  objectOf,
  oneOf,
  optionalOf,
  realNumber,
  type Static,
  text,
  union,
  wholeNumber,
} from '../../../core/schema/index.ts';
import { SHARE_BOUNDS } from '../measures.ts';

const GRADIENT = ['fgsm', 'pgd', 'apgd', 'apgd-t', 'fab', 'autoattack'] as const;
/** They ask for scores alone, the last for labels alone. */
const QUERIES = ['square', 'nes', 'simba', 'hop-skip-jump'] as const;
const MAX_EPS = 20;
const MAX_FEATURES = 10_000;

const distance = realNumber({ minimum: 0 });

const FEATURE = objectOf(
  {
    columns: array(union([wholeNumber({ minimum: 0 }), text()]), {
      minItems: 1,
      maxItems: MAX_FEATURES,
      uniqueItems: true,
      description: 'By number, from 0, or by name, as the data of the suite name the columns that make the input.',
    }),
    min: optionalOf(realNumber({ description: 'In place of lower.' })),
    max: optionalOf(realNumber({ description: 'In place of upper.' })),
    reach: optionalOf(realNumber({ minimum: 0, description: 'How far from the row, in place of eps.' })),
    integer: optionalOf(flagOf({ description: 'Whole numbers.' })),
    'one-hot': optionalOf(flagOf({ description: 'One of the columns is 1, the others 0.' })),
    immutable: optionalOf(flagOf({ description: 'They stay as they are.' })),
  },
  { more: false },
);

export const OPTIONS = objectOf(
  {
    attack: oneOf(
      [...GRADIENT, ...QUERIES],
      'By gradient: fgsm (one step), pgd, apgd (automatic steps), apgd-t (towards other classes), fab (the nearest), autoattack (apgd, apgd-t, fab and square). By queries: square, nes, simba, hop-skip-jump.',
    ),
    eps: union([distance, array(distance, { minItems: 1, maxItems: MAX_EPS, uniqueItems: true })], {
      description: 'How far an input may be from its row; several give a curve.',
    }),
    norm: optionalOf(oneOf(['linf', 'l2'], 'What eps bounds: each number (linf, when absent), or all of a row (l2).')),
    lower: realNumber({ description: 'The least number that an input may have: 0 for pixels from 0 to 1.' }),
    upper: realNumber({ description: 'The greatest.' }),
    features: optionalOf(array(FEATURE, { maxItems: MAX_FEATURES, description: 'What columns of a table may hold.' })),
    steps: optionalOf(wholeNumber({ minimum: 1, maximum: 10_000, description: '20 when absent; 100 of autoattack.' })),
    restarts: optionalOf(
      wholeNumber({ minimum: 1, maximum: 1_000, description: 'Of pgd, apgd and fab; 1 when absent.' }),
    ),
    queries: optionalOf(
      wholeNumber({
        minimum: 1,
        maximum: 1_000_000,
        description: 'Of attacks without a gradient, for each row; 300 when absent, 5000 of autoattack.',
      }),
    ),
    rows: optionalOf(wholeNumber({ minimum: 1, description: 'The first so many rows are attacked; 100 when absent.' })),
    ...SHARE_BOUNDS,
  },
  { more: false },
);

export type AdversarialOptions = Static<typeof OPTIONS>;

/** Whether an attack needs no gradient. */
export function isBlack(attack: string): boolean {
  return QUERIES.some((one) => one === attack);
}
