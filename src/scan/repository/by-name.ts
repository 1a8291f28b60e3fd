import { posix } from 'node:path';
import { pythonBrings } from '../lists/index.ts';
import type { ReachingCall, Rule } from '../scanner/index.ts';
import { type CodePlace, type PythonPlace, rootOf } from './places.ts';
import { INSTALL_CODE, SHADOW_FILE, START_FILE } from './rules.ts';

/** A Python file that programs run by its name alone. */
export interface FileByName {
  readonly place: CodePlace;
  /** `loads`: a server runs it to load the model. `start`, `shadow`: Python runs it. `install`: a tool runs it. */
  readonly kind: 'loads' | 'start' | 'shadow' | 'install';
  readonly by: string;
  readonly call: string;
  /** What is taken from it; `null` for all of it. */
  readonly name: string | null;
}

/** Classes and functions by which a server knows the file that it is to run. */
const ENTRIES: readonly (readonly [file: RegExp, defines: string, by: string, call: string])[] = [
  [/^handler\.py$/, 'EndpointHandler', 'handler.py', 'a Hugging Face Inference Endpoint of "{}"'],
  [/^pipeline\.py$/, 'PreTrainedPipeline', 'pipeline.py', 'the Hugging Face inference API for "{}"'],
  [/^code\/inference\.py$/, 'model_fn', 'code/inference.py', 'a SageMaker endpoint of {}'],
  [/(?:^|\/)\d+\/model\.py$/, 'TritonPythonModel', 'model.py', 'tritonserver --model-repository={}'],
];

/** Names of modules that are also those of ordinary scripts. */
const ORDINARY: ReadonlySet<string> = new Set(['test', 'this', 'code', 'profile', 'trace', 'site']);

/** Modules of frameworks that programs import beside a model. */
const FRAMEWORKS: ReadonlySet<string> = new Set(
  (
    'torch torchvision torchaudio transformers tokenizers safetensors huggingface_hub diffusers accelerate peft datasets sentence_transformers ' +
    'numpy scipy pandas sklearn joblib tensorflow keras jax flax onnx onnxruntime PIL cv2 yaml requests tqdm einops xformers triton vllm mlflow'
  ).split(' '),
);

/** The Python files that something runs by their name. */
export function filesByName(python: Iterable<PythonPlace>): FileByName[] {
  return [...python].flatMap((place) => byName(place) ?? []);
}

function byName(place: PythonPlace): FileByName | undefined {
  const path = place.key.slice(rootOf(place.key).length);
  const name = posix.basename(path);
  const top = !path.includes('/');
  if (/^(?:site|user)customize\.py$/.test(name))
    return { place, kind: 'start', by: name, call: 'python, at its start', name: null };
  if (top && name === 'setup.py') return { place, kind: 'install', by: name, call: 'pip install {}', name: null };
  if (name === 'conftest.py') return { place, kind: 'install', by: name, call: 'pytest {}', name: null };
  for (const [file, defines, by, call] of ENTRIES) {
    if (file.test(path) && place.facts.defines.includes(defines))
      return { place, kind: 'loads', by, call, name: defines };
  }
  const module = name.replace(/\.pyw?$/, '');
  if (top && !ORDINARY.has(module) && !module.startsWith('_') && (pythonBrings(module) || FRAMEWORKS.has(module)))
    return { place, kind: 'shadow', by: name, call: `python, at "import ${module}" in the folder`, name: null };
  return undefined;
}

export function ruleByKind(kind: 'start' | 'shadow' | 'install'): Rule {
  return kind === 'start' ? START_FILE : kind === 'shadow' ? SHADOW_FILE : INSTALL_CODE;
}

/** Whether a file that a tool runs does what installing does not need. */
export function isMoreThanInstalling({ grade, kind, origin, owner }: ReachingCall): boolean {
  if (grade === 'notable') return false;
  const runs = owner === null || owner === '__main__';
  return (
    runs &&
    (kind === 'process' || kind === 'native' || kind === 'network' || origin === 'downloaded' || grade === 'payload')
  );
}
