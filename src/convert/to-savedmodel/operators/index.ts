import type { Translation } from '../call/index.ts';
import { ACTIVATIONS } from './activations/index.ts';
import { ARITHMETIC } from './arithmetic/index.ts';
import { CONTROL } from './control/index.ts';
import { IMAGES } from './images/index.ts';
import { LOGIC } from './logic/index.ts';
import { LOOKUP } from './lookup/index.ts';
import { MATRIX } from './matrix/index.ts';
import { NORMALIZATION } from './normalization/index.ts';
import { STEPS } from './recurrent/index.ts';
import { REDUCE } from './reduce/index.ts';
import { SELECT } from './select/index.ts';
import { SHAPE } from './shape/index.ts';
import { ENSEMBLES } from './trees/index.ts';

/** Every operator that is translated. Adding some is a folder here and a line. */
const FAMILIES = [
  ARITHMETIC,
  LOGIC,
  ACTIVATIONS,
  MATRIX,
  SHAPE,
  SELECT,
  REDUCE,
  IMAGES,
  NORMALIZATION,
  STEPS,
  ENSEMBLES,
  LOOKUP,
  CONTROL,
];

export const TRANSLATIONS: ReadonlyMap<string, Translation> = new Map(
  FAMILIES.flatMap((family) => Object.entries(family)),
);
