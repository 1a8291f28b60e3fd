import { extensionLie, type Format } from '../formats/index.ts';
import { type Report, type Rule, SUPPLY_CHAIN } from './scanner/index.ts';

const COMMON = {
  remedy:
    'Find out the intended format of the file. Rename the file after its content, or download the file that its name promises.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: SUPPLY_CHAIN.atlas,
  cwe: ['CWE-646', 'CWE-430'],
} as const;

/** Something that may run code, under a name that says it cannot. */
export const EXTENSION_LIES: Rule = {
  id: 'format.extension-lies',
  title: 'The name promises another format than the content',
  severity: 'medium',
  verdict: 'suspicious',
  explanation:
    'The content is of a format that can carry code (a pickle, an archive, a program), the extension that of a format that cannot. Scanners and people who go by the name pass it; a loader that goes by the content runs it.',
  ...COMMON,
};

export const EXTENSION_DIFFERS: Rule = {
  id: 'format.extension-differs',
  title: "The extension is not the content's",
  severity: 'info',
  verdict: 'none',
  explanation:
    'The content is of another format than the extension says; neither carries code. Most often a picture under the name of another kind of picture.',
  ...COMMON,
};

/** Formats that cannot carry code, whatever is in them. */
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

/** What there is to say about a file's name and its content; `undefined` when they agree. */
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
