import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import { ByteReader } from '../byte-reader.ts';
import { type FbTable, FlatBuffer } from '../flatbuffer/index.ts';
import { startsWith } from '../format.ts';
import { CtrTables } from './catboost-ctr.ts';
import { catboostInfo, keepsInfo } from './catboost-info.ts';
import { readCatboostJson } from './catboost-json.ts';
import { type CatboostModel, catboostModel } from './catboost-model.ts';
import { CATEGORICAL_FIELDS, FEATURE_FIELDS, FLOAT_FIELDS } from './catboost-schema.ts';
import { checkTrees, type Features } from './catboost-trees.ts';

/** Fields of catboost/libs/model/flatbuffers/model.fbs. */
const CORE = { version: 0, trees: 1, info: 2, parts: 3 } as const;
const MAGIC = 'CBM1';
/** CatBoost spells the name this way. */
const VERSION = 'FlabuffersModel_v1';
const CTR_PART = 'static_provider_v1';

/** More values of a feature are spread over several buckets. */
const VALUES_PER_BUCKET = 254;

/** Fields of the other kinds of features. */
const ONE_HOT = { index: 0, values: 1, texts: 2 } as const;
const CTR = { model: 0, borders: 1 } as const;

/**
 * Reads a CatBoost model to its end, and proves that its offsets, indexes and counts agree: CatBoost checks the buffer only,
 * and uses its content without a check.
 * @throws AssayError `malformed`, `truncated`, `limit`; `unsupported`: features of texts or embeddings, a part that is not known
 */
export async function readCatboost(source: ByteSource, budget: FileBudget): Promise<void> {
  await walked(source, budget, async () => undefined);
}

/**
 * Reads a CatBoost model, also in JSON, as `readCatboost` does, and keeps its trees: their memory is charged to the budget.
 * @throws AssayError as `readCatboost` does
 */
export async function readCatboostModel(source: ByteSource, budget: FileBudget): Promise<CatboostModel> {
  const [first] = await source.read(0, Math.min(1, source.size));
  if (first === 0x7b) return await readCatboostJson(source, budget);
  return await walked(source, budget, async (core, trees, settings) =>
    catboostModel(core, trees, await catboostInfo(settings, budget), budget),
  );
}

/** @param keep what is kept of a model that was proved consistent */
async function walked<T>(
  source: ByteSource,
  budget: FileBudget,
  keep: (core: FlatBuffer, trees: FbTable, settings: ReadonlyMap<string, string>) => Promise<T>,
): Promise<T> {
  const reader = new ByteReader(source, 0, 64);
  await reader.fill(8);
  if (!startsWith(reader.bytes(4), MAGIC)) throw bad(`does not begin with ${MAGIC}`);
  const size = reader.u32();
  if (size > reader.left) throw bad(`a core of ${size} bytes, but ${reader.left} are left`);
  budget.hold(size);
  try {
    const core = new FlatBuffer(await source.read(8, size), budget);
    const root = core.root();
    if (root.text(CORE.version) !== VERSION) throw new AssayError('unsupported', 'another version of the format');
    const settings = new Map<string, string>();
    for (const pair of root.tables(CORE.info)) {
      const [name, value] = [pair.text(0), pair.text(1)];
      if (name === undefined || value === undefined) throw bad('a setting without a name or a value');
      if (keepsInfo(name)) settings.set(name, value);
    }
    const trees = root.table(CORE.trees);
    if (trees === undefined) throw bad('it has no trees');
    const features = featuresOf(core, trees);
    checkTrees(core, trees, features);
    await readParts(source, 8 + size, [...root.texts(CORE.parts)], features, budget);
    return await keep(core, trees, settings);
  } finally {
    budget.release(size);
  }
}

function featuresOf(core: FlatBuffer, trees: FbTable): Features {
  for (const kind of ['text', 'estimated', 'embedding'] as const)
    if (trees.vector(FEATURE_FIELDS[kind], 4).length > 0) throw new AssayError('unsupported', `${kind} features`);
  const features = new FeatureCount();
  let last = -1;
  for (const feature of trees.tables(FEATURE_FIELDS.float)) {
    last = ascending(last, feature.i32(FLOAT_FIELDS.index, -1), feature.i32(FLOAT_FIELDS.flatIndex, -1));
    feature.text(FLOAT_FIELDS.id);
    features.add(feature.vector(FLOAT_FIELDS.borders, 4).length);
  }
  last = -1;
  const categorical = new Set<number>();
  for (const feature of trees.tables(FEATURE_FIELDS.categorical)) {
    last = ascending(last, feature.i32(CATEGORICAL_FIELDS.index, -1), feature.i32(CATEGORICAL_FIELDS.flatIndex, -1));
    feature.text(CATEGORICAL_FIELDS.id);
    categorical.add(last);
  }
  for (const feature of trees.tables(FEATURE_FIELDS.oneHot)) {
    if (!categorical.has(feature.i32(ONE_HOT.index, -1))) throw bad('a one-hot feature without categories');
    const values = feature.vector(ONE_HOT.values, 4).length;
    for (const text of feature.texts(ONE_HOT.texts)) if (text.length > core.size) throw bad('a category');
    features.add(values);
  }
  for (const feature of trees.tables(FEATURE_FIELDS.ctr)) {
    features.addCtr(feature.table(CTR.model));
    features.add(feature.vector(CTR.borders, 4).length);
  }
  return features;
}

/** CatBoost reads as many values as the index of the last feature requires. */
function ascending(last: number, index: number, flatIndex: number): number {
  if (index <= last || flatIndex < 0) throw bad(`feature ${index} after feature ${last}`);
  return index;
}

/** Conditions that trees may test, and the buckets that hold the results. */
class FeatureCount implements Features {
  conditions = 0;
  buckets = 0;
  /** The highest class that is read from tables of statistics, by the kind of table. */
  readonly targets = new Map<number, number>();
  ctrs = 0;

  add(values: number): void {
    this.conditions += values;
    this.buckets += Math.ceil(values / VALUES_PER_BUCKET);
  }

  addCtr(model: FbTable | undefined): void {
    const base = model?.table(0);
    const combination = base?.table(0);
    if (model === undefined || base === undefined || combination === undefined)
      throw bad('a statistic without features');
    combination.vector(0, 4);
    combination.vector(1, 8);
    combination.vector(2, 8);
    const [kind, target] = [base.u8(1, 0), model.i32(1, 0)];
    if (target < 0) throw bad(`class ${target} of a statistic`);
    this.targets.set(kind, Math.max(target, this.targets.get(kind) ?? 0));
    this.ctrs++;
  }
}

async function readParts(
  source: ByteSource,
  start: number,
  parts: readonly string[],
  features: Features,
  budget: FileBudget,
): Promise<void> {
  const [part, ...more] = parts;
  if (more.length > 0 || (part !== undefined && part !== CTR_PART))
    throw new AssayError('unsupported', `the part ${JSON.stringify((more[0] ?? part ?? '').slice(0, 40))}`);
  if (part === undefined && features.ctrs > 0) throw bad('statistics that the file does not hold');
  const end = part === undefined ? start : await new CtrTables(source, features, budget).read(start);
  if (end !== source.size) throw bad(`${source.size - end} bytes follow the model`);
}

function bad(what: string): AssayError {
  return new AssayError('malformed', `not a CatBoost model: ${what}`);
}
