import { AssayError } from '../../../src/core/index.ts';

/**
 * Stands in for `src/sandbox/command.ts`: the bundle does not carry 7-Zip, the one decoder that runs in a child process. A 7z
 * archive is a file that was not read, which is never clean.
 * @throws AssayError `unsupported`
 */
export function childEntry(): never {
  throw new AssayError('unsupported', 'is a 7z archive, which the GitHub Action does not extract', {
    hint: 'scan it with the command line, or store it as zip',
  });
}

/** Nothing is started without an entry. */
export const sandboxCommand = childEntry;
