import { FORMATS } from '../formats/index.ts';

/** Formats that scanners identify by more than the first bytes. */
const REFINED: readonly (readonly [id: string, title: string])[] = [
  ['torch-zip', 'PyTorch checkpoint (zip)'],
  ['torch-legacy', 'PyTorch checkpoint (before 1.6)'],
  ['torch-tar', 'PyTorch checkpoint (tar, before 0.1.10)'],
  ['torchscript', 'TorchScript program'],
  ['torch-distcp', 'PyTorch distributed checkpoint'],
  ['torch-package', 'torch.package'],
  ['pt2', 'torch.export program'],
  ['npz', 'NumPy arrays (npz)'],
  ['keras', 'Keras model (zip)'],
  ['skops', 'skops model'],
  ['h2o-mojo', 'H2O MOJO'],
  ['joblib', 'joblib pickle'],
  ['catboost-json', 'CatBoost model (JSON)'],
  ['paddle-pir', 'Paddle program (JSON)'],
  ['mxnet-symbol', 'MXNet graph (JSON)'],
  ['onnx-data', 'tensors of an ONNX model'],
];

/** Titles for people, by format id. */
export function formatTitles(): ReadonlyMap<string, string> {
  return new Map([...REFINED, ...FORMATS.map(({ id, title }) => [id, title] as const)]);
}
