import { extensionOf } from './extension.ts';

/** Extensions of files that readers of text or media open, and no loader of models. */
const EXTENSIONS: ReadonlySet<string> = new Set(
  `.txt .text .md .markdown .rst .tex .bib .log .csv .tsv .json .jsonl .ndjson .yaml .yml .toml .ini .cfg .conf .xml .html .htm
  .css .svg .vocab .merges .bpe .lock .py .pyi .js .mjs .cjs .ts .jsx .tsx .sh .bash .jinja .jinja2 .j2 .ipynb .proto .sql .lst
  .png .jpg .jpeg .jpe .gif .bmp .ico .icns .webp .tif .tiff .wav .mp3 .flac .ogg .oga .opus .ogv .avi .mp4 .m4a .mkv .webm .mov .pdf
  .ttf .otf .woff .woff2 .eot`.split(/\s+/),
);

/** Files without an extension that hold prose or lists of words by convention. */
const NAMES: ReadonlySet<string> = new Set(
  `license licence copying notice readme authors contributors changelog changes history news todo install version citation
  makefile dockerfile codeowners patents acknowledgements thanks vocab merges labels classes tokens words .gitattributes .gitignore
  .gitmodules .dockerignore .editorconfig .npmignore .python-version requirements`.split(/\s+/),
);

/**
 * Whether a path is called like a file of text or media, so that no loader of pickles is given it.
 *
 * @example isForReaders('tokenizer/vocab.txt') // true
 * @example isForReaders('model') // false: any loader may be
 */
export function isForReaders(path: string): boolean {
  const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('!')) + 1).toLowerCase();
  return NAMES.has(name) || EXTENSIONS.has(extensionOf(name));
}
