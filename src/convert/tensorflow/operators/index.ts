import type { Lowering } from '../graph/index.ts';
import { ELEMENTWISE } from './elementwise.ts';
import { IMAGE_OPERATIONS } from './images/index.ts';
import { LAYOUT } from './layout/index.ts';
import { PRODUCTS } from './products.ts';
import { REDUCTIONS } from './reductions.ts';

/** Every operation that is converted. Adding some is a file here and a line. */
const FAMILIES = [ELEMENTWISE, LAYOUT, PRODUCTS, REDUCTIONS, IMAGE_OPERATIONS];

export const LOWERINGS: ReadonlyMap<string, Lowering> = new Map(FAMILIES.flatMap((family) => Object.entries(family)));
