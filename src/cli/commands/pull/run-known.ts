import { AssayError } from '../../../core/index.ts';
import { pullKnown } from '../../../pipeline/index.ts';
import { terminalText } from '../../../report/index.ts';
import { Progress, type Shell } from '../../terminal/index.ts';
import type { PullRequest } from './request.ts';
import { cacheEnv, loadLines } from './text.ts';

type KnownRequest = Pick<PullRequest, 'ref' | 'cache' | 'quiet'> & { readonly expect: string };

/** Pulls a model whose digest is known, and prints the revision to load it by. */
export async function runPullKnown({ ref, cache, expect, quiet }: KnownRequest, shell: Shell): Promise<void> {
  if (!/^sha256:[0-9a-f]{64}$/.test(expect)) {
    throw new AssayError('usage', 'is not a digest', {
      subject: `--expect ${expect.slice(0, 100)}`,
      hint: 'give sha256: and 64 hex digits, as assay digest prints it',
    });
  }
  const progress = new Progress(shell, !quiet);
  try {
    const { signal } = shell;
    const pulled = await pullKnown(ref, expect, {
      env: cacheEnv(shell.env, cache),
      signal,
      onEvent: progress.onEvent,
    });
    progress.end();
    if (!quiet) {
      const { files, bytes } = pulled;
      shell.stdout.write(`${terminalText(ref)}: ${files} files, ${bytes} bytes, digest ${expect} as expected\n`);
    }
    shell.stdout.write(loadLines(pulled, quiet));
  } finally {
    progress.end();
  }
}
