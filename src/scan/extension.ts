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

export const extensionRules: readonly Rule[] = [EXTENSION_LIES, EXTENSION_DIFFERS];

/** The finding for a name that contradicts the content; `undefined` when they agree. */
export function judgeExtension(path: string, format: Format): Report | undefined {
  const promised = extensionLie(path, format);
  if (promised === undefined) return undefined;
  const rule = PASSIVE.has(format.id) ? EXTENSION_DIFFERS : EXTENSION_LIES;
  return {
    rule,
    message: `The name says ${promised.title}, the content is ${format.title}.`,
    subject: `${promised.id}:${format.id}`,
  };
}
