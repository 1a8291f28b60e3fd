import { COMPOSED } from './compose/index.ts';
import type { Converter, Family } from './context/index.ts';
import { DECOMPOSITION } from './decomposition/index.ts';
import { LINEAR } from './linear/index.ts';
import { PREPROCESSING } from './preprocessing/index.ts';
import { SELECTION } from './selection/index.ts';

/** Families of estimators. Adding one is a folder here, and a line. */
const FAMILIES: readonly Family[] = [LINEAR, PREPROCESSING, DECOMPOSITION, SELECTION, COMPOSED];

export const CONVERTERS: ReadonlyMap<string, Converter> = new Map(FAMILIES.flatMap((family) => Object.entries(family)));
