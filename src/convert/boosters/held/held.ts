import type { ByteSource } from '../../../core/bytes/index.ts';
import { AssayError, isContentError, throwIfAborted } from '../../../core/index.ts';
import { type BoosterLibrary, type BoosterModel, readBoosterModel } from '../../../formats/boosters/index.ts';
import { dictOf, type Inert, type InertDict, isKind } from '../../../formats/pickle/inert/index.ts';
import { classOf } from '../../estimator/index.ts';
import type { Buffers } from '../../numpy/index.ts';
import { allWithin, type TensorReadOptions } from '../../tensors/index.ts';

const READERS: Readonly<
  Record<BoosterLibrary, (source: ByteSource, budget: TensorReadOptions['budget']) => Promise<BoosterModel>>
> = {
  xgboost: async (source, budget) => ({
    library: 'xgboost',
    model: await readBoosterModel('xgboost', source, budget),
  }),
  catboost: async (source, budget) => ({
    library: 'catboost',
    model: await readBoosterModel('catboost', source, budget),
  }),
  lightgbm: async (source, budget) => ({
    library: 'lightgbm',
    model: await readBoosterModel('lightgbm', source, budget),
  }),
};

/** A member of the state of a class that holds its model. */
interface ModelState {
  readonly library: BoosterLibrary;
  /** Its name, which versions gave differently. */
  readonly keys: readonly string[];
  /** Whether it is text instead of bytes. */
  readonly text?: true;
}

const CATBOOST: ModelState = { library: 'catboost', keys: ['__model'] };

/** By the module and name of the class. */
const STATES: ReadonlyMap<string, ModelState> = new Map<string, ModelState>([
  ['xgboost.core.Booster', { library: 'xgboost', keys: ['handle'] }],
  ['lightgbm.basic.Booster', { library: 'lightgbm', keys: ['_handle', 'handle'], text: true }],
  ['catboost.core.CatBoost', CATBOOST],
  ['catboost.core.CatBoostClassifier', CATBOOST],
  ['catboost.core.CatBoostRegressor', CATBOOST],
  ['catboost.core.CatBoostRanker', CATBOOST],
]);

/**
 * Reads every model of a library for boosted trees that a value holds as bytes.
 * @throws AssayError `malformed`, `truncated`, `unsupported`, `limit`, naming the class that holds the model
 */
export async function heldBoosters(
  root: Inert,
  buffers: Buffers,
  { budget, signal }: Pick<TensorReadOptions, 'budget' | 'signal'>,
  path: string,
): Promise<ReadonlyMap<Inert, BoosterModel>> {
  const found = new Map<Inert, BoosterModel>();
  for (const value of allWithin([root], new Set())) {
    throwIfAborted(signal);
    budget.work(1);
    const held = bytesOf(value, buffers, path);
    if (held !== undefined) found.set(value, await read(held, budget, path));
  }
  return found;
}

interface HeldBytes {
  readonly library: BoosterLibrary;
  readonly owner: string;
  readonly source: ByteSource;
}

function bytesOf(value: Inert, buffers: Buffers, path: string): HeldBytes | undefined {
  const cls = classOf(value);
  const owner = `${cls?.module}.${cls?.name}`;
  const known = STATES.get(owner);
  if (known === undefined || !isKind(value, 'object') || value.states.length !== 1) return undefined;
  const content = memberOf(dictOf(value.states[0]), known.keys);
  // A model that was not fitted has none.
  if (content === undefined || content === null) return undefined;
  const source = known.text === true ? buffers.textOf(content) : buffers.bytesOf(content);
  if (source !== undefined) return { library: known.library, owner, source };
  throw new AssayError(
    'unsupported',
    `${owner} is not converted: its model is not ${known.text === true ? 'text' : 'bytes'}`,
    { subject: path },
  );
}

function memberOf(state: InertDict | undefined, keys: readonly string[]): Inert | undefined {
  return keys.map((key) => state?.get(key)).find((value) => value !== undefined);
}

async function read(
  { library, owner, source }: HeldBytes,
  budget: TensorReadOptions['budget'],
  path: string,
): Promise<BoosterModel> {
  try {
    return await READERS[library](source, budget);
  } catch (error) {
    if (!isContentError(error)) throw error;
    throw new AssayError(error.code, `${owner}: ${error.message}`, { subject: path, cause: error });
  }
}
