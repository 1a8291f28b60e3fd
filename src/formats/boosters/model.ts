import type { ByteSource } from '../../core/bytes/index.ts';
import type { FileBudget } from '../../core/index.ts';
import { readCatboostModel } from './catboost.ts';
import type { CatboostModel } from './catboost-model.ts';
import { readLightgbmModel } from './lightgbm.ts';
import type { LightgbmModel } from './lightgbm-model.ts';
import { readXgboostModel } from './xgboost.ts';
import type { XgboostModel } from './xgboost-model.ts';

/** What each library for boosted trees saves, whose indexes were proved to lie in range. */
export interface BoosterModels {
  readonly xgboost: XgboostModel;
  readonly lightgbm: LightgbmModel;
  readonly catboost: CatboostModel;
}

export type BoosterLibrary = keyof BoosterModels;

/** A model, and the library that it is of. */
export type BoosterModel = {
  readonly [L in BoosterLibrary]: { readonly library: L; readonly model: BoosterModels[L] };
}[BoosterLibrary];

const READERS: {
  readonly [L in BoosterLibrary]: (source: ByteSource, budget: FileBudget) => Promise<BoosterModels[L]>;
} = {
  xgboost: readXgboostModel,
  lightgbm: readLightgbmModel,
  catboost: readCatboostModel,
};

/**
 * Reads a model, and keeps its trees: their memory is charged to the budget.
 * @throws AssayError `malformed`, `truncated`, `limit`, `unsupported`
 */
export function readBoosterModel<L extends BoosterLibrary>(
  library: L,
  source: ByteSource,
  budget: FileBudget,
): Promise<BoosterModels[L]> {
  return READERS[library](source, budget);
}
