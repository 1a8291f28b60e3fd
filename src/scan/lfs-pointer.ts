import type { FileAssessment } from '../core/assessment/index.ts';
import { isAssayError } from '../core/index.ts';
import { LFS_POINTER, parseLfsPointer } from '../formats/index.ts';
import { plainMediaScanner } from './plain-media.ts';
import type { Rule, Scanner } from './scanner/index.ts';
import { plainTextScanner } from './text/index.ts';

const POINTER: Rule = {
  id: 'source.lfs-pointer',
  title: 'A Git LFS pointer stands in place of a file',
  severity: 'info',
  verdict: 'unknown',
  explanation:
    'The checkout was made without Git LFS: it contains the size and digest of this file, not its content. A loader fails on the pointer, or downloads the content when it loads the model. In both cases, nobody scanned the content.',
  remedy: 'Run `git lfs install` and `git lfs pull` in the checkout, and scan it again.',
  owasp: ['ML06:2023'],
  atlas: ['AML.T0010'],
  cwe: ['CWE-353'],
};

/** Reports the size and digest that a pointer names. The content is not there, so its verdict is unknown. */
export const lfsPointerScanner: Scanner = {
  id: 'lfs-pointer',
  formats: [LFS_POINTER.id],
  rules: [POINTER],
  async scanFile({ source }, context) {
    const bytes = await source.read(0, source.size);
    context.cover(0, source.size, 'parsed');
    try {
      const { sha256, size } = parseLfsPointer(bytes, source.name);
      context.report({
        rule: POINTER,
        message: 'The file is a Git LFS pointer, not the content that the pointer names.',
        subject: 'pointer',
      });
      context.incomplete(
        `a Git LFS pointer to ${size} bytes with sha256 ${sha256}, not the content: run git lfs pull, and scan it again`,
      );
    } catch (error) {
      if (!isAssayError(error)) throw error;
      context.incomplete(`begins like a Git LFS pointer, but is not one: it ${error.message}`);
    }
  },
};

/** Formats that hold no weights. */
const PLAIN: ReadonlySet<string> = new Set([...plainTextScanner.formats, ...plainMediaScanner.formats]);

/** The note for an artifact for which Git LFS has not downloaded every file. */
export function pointerNotes(files: readonly Pick<FileAssessment, 'format' | 'verdict'>[]): string[] {
  const pointers = files.filter(({ format }) => format === LFS_POINTER.id).length;
  if (pointers === 0) return [];
  const others = files.filter(({ format, verdict }) => verdict !== 'clean' || !PLAIN.has(format)).length - pointers;
  const found = pointers === 1 ? '1 file is a Git LFS pointer' : `${pointers} files are Git LFS pointers`;
  const hint = 'run git lfs pull in the checkout, and scan it again';
  return [
    others === 0
      ? `there is no model here: ${found}${pointers === files.length ? '' : ', the rest is text'}; ${hint}`
      : `${found}: ${hint}`,
  ];
}
