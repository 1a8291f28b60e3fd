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
    'The checkout was made without Git LFS: it contains the size and digest of this file, not its content. A loader fails on it, or fetches the content from somewhere when it is loaded; either way, that content was not scanned.',
  remedy: 'Run `git lfs install` and `git lfs pull` in the checkout, and scan it again.',
  owasp: ['ML06:2023'],
  atlas: ['AML.T0010'],
  cwe: ['CWE-353'],
};

/** Names what a pointer stands for. The file itself is not there, so nothing is known of it. */
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
        message: 'A Git LFS pointer, not the file that it stands for.',
        subject: 'pointer',
      });
      context.incomplete(
        `a Git LFS pointer to ${size} bytes with sha256 ${sha256}, not the file itself: run git lfs pull, and scan that`,
      );
    } catch (error) {
      if (!isAssayError(error)) throw error;
      context.incomplete(`begins as a Git LFS pointer does, and is none: it ${error.message}`);
    }
  },
};

/** What holds no weights, whatever is in it. */
const PLAIN: ReadonlySet<string> = new Set([...plainTextScanner.formats, ...plainMediaScanner.formats]);

/** What to know of an artifact of which Git LFS has not brought every file. */
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
