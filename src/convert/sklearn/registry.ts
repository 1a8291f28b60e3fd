import { BOOSTERS } from '../boosters/index.ts';
import { BAYES } from './bayes/index.ts';
import { BOOSTING } from './boosting/index.ts';
import { COMPOSED } from './compose/index.ts';
import type { Converter, Family } from './context/index.ts';
import { DECOMPOSITION } from './decomposition/index.ts';
import { DISCRIMINANT } from './discriminant/index.ts';
import { LINEAR } from './linear/index.ts';
import { META } from './meta/index.ts';
import { CLUSTERS } from './mixture/index.ts';
import { NEIGHBORS } from './neighbors/index.ts';
import { NEURAL } from './neural/index.ts';
import { PREPROCESSING } from './preprocessing/index.ts';
import { SELECTION } from './selection/index.ts';
import { SVM } from './svm/index.ts';
import { VECTORISERS } from './text/index.ts';
import { TREES } from './trees/index.ts';

/** Families of estimators. Adding one is a folder here, and a line. */
const FAMILIES: readonly Family[] = [
  LINEAR,
  PREPROCESSING,
  DECOMPOSITION,
  SELECTION,
  COMPOSED,
  TREES,
  BOOSTING,
  META,
  SVM,
  NEIGHBORS,
  BAYES,
  NEURAL,
  DISCRIMINANT,
  CLUSTERS,
  BOOSTERS,
  VECTORISERS,
];

export const CONVERTERS: ReadonlyMap<string, Converter> = new Map(FAMILIES.flatMap((family) => Object.entries(family)));
