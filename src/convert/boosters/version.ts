import type { BoosterModel } from '../../formats/boosters/index.ts';
import type { Estimator } from '../estimator/index.ts';

/** The version of the library that saved the model of an estimator, when the model says it. */
export function boosterVersion(estimator: Estimator): string | undefined {
  const { boosters } = estimator.file;
  const held = boosters.get(estimator.value) ?? boosters.get(estimator.raw('_Booster') ?? null);
  return held === undefined ? undefined : versionOf(held);
}

function versionOf({ model }: BoosterModel): string | undefined {
  return model.version;
}
