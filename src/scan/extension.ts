import { extensionLie, type Format } from '../formats/index.ts';
import { type Report, type Rule, SUPPLY_CHAIN } from './scanner/index.ts';

const COMMON = {
  remedy: 'Find out which format the file should have. Rename the file after its content, or download the file again.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-646', 'CWE-430'],
} as const;

/** Content that can run code, under a name of a format that cannot. */
export const EXTENSION_LIES: Rule = {
  id: 'format.extension-lies',
  title: 'The content is of another format than the name says, and can carry code',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'The content is of a format that can carry code (a pickle, an archive, a program); the extension is that of a format that cannot. Scanners and people who trust the name accept the file; a loader that looks at the content runs the code.',
  ...COMMON,
};

export const EXTENSION_DIFFERS: Rule = {
  id: 'format.extension-differs',
  title: 'The content is of another format than the extension says',
  severity: 'info',
  verdict: 'none',
  explanation:
    'The content is of another format than the extension says; neither format carries code. Most often, a picture has the extension of another picture format.',
  ...COMMON,
};

/** A program under the name of a model. */
const DISGUISED: Rule = {
  id: 'native.disguised',
  title: 'A program has the name of a model',
  severity: 'critical',
  verdict: 'malicious',
  explanation:
    'The file is named as weights or a model, and its content is a program: machine code, or a script that begins with the line of its interpreter. No library writes a model so. The name hides the program from people and from tools that go by names, until something runs it.',
  remedy: 'Do not use the files of this publisher. Report it to the site that you downloaded it from.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-506', 'CWE-646'],
};

const PROGRAMS: ReadonlySet<string> = new Set(['elf', 'mach-o', 'pe', 'ape', 'shell']);
const MODEL_NAME =
  /\.(?:safetensors|gguf|ggml|onnx|ort|pte?|pth|ckpt|pkl|pickle|joblib|h5|hdf5|keras|tflite|mlmodel|np[yz]|pdparams|pdiparams|pdmodel|params|msgpack)$/i;
/** `.bin` is the suffix of any bytes: with these names, of weights. */
const WEIGHTS_NAME = /(?:^|[/!])(?:[\w-]*[_-])?(?:model|adapter|weights?)(?:[-_.][\w-]+)?\.bin$/i;

/** Formats that cannot carry code, whatever their content. */
const PASSIVE: ReadonlySet<string> = new Set([
  ...[
    'png',
    'jpeg',
    'gif',
    'webp',
    'bmp',
    'tiff',
    'ico',
    'icns',
    'wav',
    'avi',
    'mp3',
    'mp4',
    'ogg',
    'flac',
    'matroska',
    'font',
    'ds-store',
  ],
  ...[
    'text',
    'markdown',
    'csv',
    'json',
    'jsonl',
    'yaml',
    'settings',
    'xml',
    'empty',
    'lfs-pointer',
    'safetensors',
    'sentencepiece',
    'parquet',
    'arrow',
  ],
]);

export const extensionRules: readonly Rule[] = [EXTENSION_LIES, EXTENSION_DIFFERS, DISGUISED];

/** The finding for a name that contradicts the content; `undefined` when they agree. */
export function judgeExtension(path: string, format: Format): Report | undefined {
  if (PROGRAMS.has(format.id) && (MODEL_NAME.test(path) || WEIGHTS_NAME.test(path))) {
    const message = `The file has the name of a model, and is a program: ${format.title}.`;
    return { rule: DISGUISED, message, subject: format.id };
  }
  const promised = extensionLie(path, format);
  if (promised === undefined) return undefined;
  const rule = PASSIVE.has(format.id) ? EXTENSION_DIFFERS : EXTENSION_LIES;
  return {
    rule,
    message: `The name says ${promised.title}, the content is ${format.title}.`,
    subject: `${promised.id}:${format.id}`,
  };
}
