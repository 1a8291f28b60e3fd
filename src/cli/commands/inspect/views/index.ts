import type { ByteSource } from '../../../../core/bytes/index.ts';
import { DEFAULT_LIMITS, FileBudget, isContentError } from '../../../../core/index.ts';
import { type FormatView, Listing } from './listing.ts';

/** The view of each format; each is loaded where one is shown. */
const VIEWS: Readonly<Record<string, () => Promise<FormatView>>> = {
  onnx: async () => (await import('./onnx.ts')).showOnnx,
  safetensors: async () => (await import('./safetensors.ts')).showSafetensors,
  gguf: async () => (await import('./gguf.ts')).showGguf,
  hdf5: async () => (await import('./hdf5.ts')).showHdf5,
  'tf-saved-model': async () => (await import('./tensorflow.ts')).showSavedModel,
  'tf-meta-graph': async () => (await import('./tensorflow.ts')).showMetaGraph,
  'tf-graph': async () => (await import('./tensorflow.ts')).showGraphDef,
  tflite: async () => (await import('./tensorflow.ts')).showLite,
  npy: async () => (await import('./numbers.ts')).showNpy,
  parquet: async () => (await import('./numbers.ts')).showParquet,
  arrow: async () => (await import('./numbers.ts')).showArrow,
  'arrow-stream': async () => (await import('./numbers.ts')).showArrowStream,
  executorch: async () => (await import('./programs.ts')).showExecutorch,
  openvino: async () => (await import('./programs.ts')).showOpenvino,
  'xgboost-json': async () => (await import('./models.ts')).showXgboost,
  'xgboost-ubj': async () => (await import('./models.ts')).showXgboost,
  'xgboost-binary': async () => (await import('./models.ts')).showXgboost,
  lightgbm: async () => (await import('./models.ts')).showLightgbm,
  catboost: async () => (await import('./models.ts')).showCatboost,
  'catboost-json': async () => (await import('./models.ts')).showCatboost,
  rds: async () => (await import('./models.ts')).showRds,
  torch7: async () => (await import('./models.ts')).showTorch7,
  'torch7-ascii': async () => (await import('./models.ts')).showTorch7Text,
  pmml: async () => (await import('./models.ts')).showPmml,
};

export interface Viewed {
  readonly source: ByteSource;
  readonly format: string;
  /** Absent for the file itself. */
  readonly member: string | undefined;
  /** The format of the whole file. */
  readonly within: string;
}

/** Prints what the model in one target holds, when its format has a view. @param all whether long lists are printed whole */
export async function showView(
  { source, format, member, within }: Viewed,
  all: boolean,
  print: (line: string) => void,
): Promise<void> {
  const isConfig = within === 'keras' && member === 'config.json';
  const load = isConfig
    ? async () => (await import('./keras.ts')).showKerasConfig
    : Object.hasOwn(VIEWS, format)
      ? VIEWS[format]
      : undefined;
  if (load === undefined) return;
  print('');
  if (member !== undefined) print(`${member}:`);
  try {
    await (await load())(source, new Listing(print, all), new FileBudget(DEFAULT_LIMITS, source.size));
  } catch (error) {
    if (!isContentError(error)) throw error;
    print(`the rest was not read: ${error.message}`);
  }
}
