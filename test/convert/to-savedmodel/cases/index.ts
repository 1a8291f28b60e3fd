import type { TranslatedCase } from '../models.ts';
import { ELEMENTS } from './elements.ts';
import { IMAGES } from './images.ts';
import { NETWORKS } from './networks.ts';
import { SHAPES } from './shapes.ts';

export const CASES: Readonly<Record<string, TranslatedCase>> = { ...ELEMENTS, ...SHAPES, ...IMAGES, ...NETWORKS };
