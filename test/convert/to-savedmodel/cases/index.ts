import type { TranslatedCase } from '../models.ts';
import { CONTROL } from './control.ts';
import { ELEMENTS } from './elements.ts';
import { IMAGES } from './images.ts';
import { NETWORKS } from './networks.ts';
import { RECURRENT } from './recurrent.ts';
import { SHAPES } from './shapes.ts';

export const CASES: Readonly<Record<string, TranslatedCase>> = {
  ...ELEMENTS,
  ...SHAPES,
  ...IMAGES,
  ...NETWORKS,
  ...CONTROL,
  ...RECURRENT,
};
