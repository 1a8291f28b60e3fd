import { type LibraryDetector, type SearchWindow, textBetween } from '../../strings/index.ts';
import type { DeclaredLibrary } from '../list/index.ts';

const VERSION = String.raw`v?(\d{1,9}(?:\.\d{1,9}){1,4}[A-Za-z0-9.+_-]{0,40})`;

/** Properties by which files say what saved them: JSON, YAML, and the attributes of HDF5, whose values stand a little later. */
const PROPERTIES: readonly (readonly [name: string, library: string])[] = [
  ['transformers_version', 'transformers'],
  ['_diffusers_version', 'diffusers'],
  ['keras_version', 'keras'],
  ['pytorch_version', 'torch'],
  ['sklearn_version', 'scikit-learn'],
  ['skops_version', 'skops'],
  ['pytorch-lightning_version', 'pytorch-lightning'],
];
/** Libraries that load models, as requirements name them. */
const PACKAGES = [
  ...[
    'torch',
    'keras',
    'pyarrow',
    'joblib',
    'numpy',
    'onnx',
    'transformers',
    'vllm',
    'skops',
    'diffusers',
    'tensorflow',
  ],
  ...[
    'pytorch-lightning',
    'pytorch_lightning',
    'llama-cpp-python',
    'llama_cpp_python',
    'nemo-toolkit',
    'nemo_toolkit',
    'scikit-learn',
  ],
];
const REQUIREMENTS =
  /^(?:requirements[\w.-]*\.txt|conda\.ya?ml|environment\.ya?ml|python_env\.ya?ml|pyproject\.toml|setup\.cfg|Pipfile)$/i;
/** Bytes between the name of an attribute of HDF5 and its value. */
const NEAR = 160;

export const libraryDetectors: readonly LibraryDetector[] = [
  ...PROPERTIES.map(([name, library]) => ({
    needles: [name],
    detect: (window: SearchWindow, at: number) => property(window, at, name, library),
  })),
  ...PACKAGES.map((name) => ({
    needles: [`${name}=`, `${name} =`, `${name}[`],
    detect: (window: SearchWindow, at: number) => requirement(window, at, name),
  })),
];

const TEXT_VALUE = new RegExp(String.raw`^["']?\s{0,10}:\s{0,10}["']?${VERSION}`);
const BINARY_VALUE = new RegExp(String.raw`^[^A-Za-z0-9][^]*?(?<![\d.])${VERSION}`);

function property(window: SearchWindow, at: number, name: string, library: string): DeclaredLibrary | undefined {
  if (/[A-Za-z0-9_]/.test(textBetween(window, at - 1, at))) return undefined;
  const after = textBetween(window, at + name.length, at + name.length + NEAR);
  const [, version] = (window.kind === 'hdf5' ? BINARY_VALUE : TEXT_VALUE).exec(after) ?? [];
  return version === undefined ? undefined : { library, version, how: 'saved' };
}

/** Exact versions, as pip and conda write them. */
const PIN = new RegExp(String.raw`^(?:\[[\w,.-]{0,60}\])?\s{0,4}={1,3}\s{0,4}${VERSION}`);

function requirement(window: SearchWindow, at: number, name: string): DeclaredLibrary | undefined {
  if (!REQUIREMENTS.test(window.name)) return undefined;
  const before =
    textBetween(window, at - 100, at)
      .split('\n')
      .at(-1) ?? '';
  const [, version] = PIN.exec(textBetween(window, at + name.length, at + name.length + 140)) ?? [];
  if (version === undefined || /[A-Za-z0-9._-]$/.test(before) || /^\s*#/.test(before)) return undefined;
  return { library: name.replaceAll('_', '-'), version, how: 'pins' };
}
