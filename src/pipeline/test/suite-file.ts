import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { dirname, sep } from 'node:path';
import { MAX_SUITE, parseSuite, type Suite } from '../../behavior/index.ts';
import { FileSource } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';

export interface SuiteFile {
  /** As reports and messages name it. */
  readonly path: string;
  readonly sha256: string;
  /** Where its paths start. */
  readonly folder: string;
  readonly suite: Suite;
}

/**
 * Reads a suite.
 * @param target the artifact: a suite within its folder is refused, because who made the model would choose its tests; `null` where its
 *   files are copies, beside which no suite lies
 * @param shown what to call the suite; its path when absent
 * @throws AssayError `usage` naming what is wrong; `refused` for a suite of the artifact; `not-found`, `unreadable`
 */
export async function readSuite(path: string, target: string | null, shown?: string): Promise<SuiteFile> {
  const subject = shown === undefined ? `--suite ${path}` : `the suite ${shown}`;
  const source = FileSource.open(path);
  try {
    if (source.size > MAX_SUITE) throw new AssayError('usage', 'is larger than 1 MiB', { subject });
    if (target !== null) refuseOwn(path, target);
    const bytes = await source.read(0, source.size);
    const suite = await parseSuite(new TextDecoder().decode(bytes), subject);
    return {
      path: shown ?? path,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      folder: dirname(path),
      suite,
    };
  } finally {
    await source.close();
  }
}

function refuseOwn(path: string, target: string): void {
  const [own, artifact] = [realpathSync(path), realpathSync(target)];
  if (own !== artifact && !own.startsWith(artifact.endsWith(sep) ? artifact : artifact + sep)) return;
  throw new AssayError('refused', 'lies in the artifact: who made the model would choose its tests', {
    subject: `--suite ${path}`,
    hint: 'keep suites in a folder of your own',
  });
}
