import { isMainThread } from 'node:worker_threads';

/** The threads of the program, which are this same file where it is one bundle. */
const thread = new URL(import.meta.url).searchParams.get('thread') ?? (isMainThread ? 'main' : 'none');

switch (thread) {
  case 'main': {
    const { runAction } = await import('./run.ts');
    process.exitCode = await runAction(process.env);
    break;
  }
  case 'parser-thread':
    await import('../../src/pipeline/parsers/parser-thread.ts');
    break;
  case 'hash-worker':
    await import('../../src/integrity/hash/hash-worker.ts');
    break;
  default:
    throw new Error(`the bundle has no thread ${thread}`);
}
