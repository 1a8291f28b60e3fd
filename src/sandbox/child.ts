/** The entry of the bounded child process. Its last argument says whether the shell could set its limits. */
import { isContentError } from '../core/index.ts';
import { Channel } from './channel.ts';
import { FRAME } from './frames.ts';
import { taskNamed } from './tasks/index.ts';

const channel = new Channel();
channel.json(FRAME.hello, { bounds: process.argv.at(-1) === 'ulimit' ? 'ulimit+watchdog' : 'watchdog' });
try {
  const { task, args } = channel.request();
  const { run } = await taskNamed(task).load();
  await run(args, channel);
  channel.send(FRAME.done, new Uint8Array(0));
} catch (error) {
  channel.json(FRAME.fail, describe(error));
}
process.exit(0);

function describe(error: unknown): { code: string; message: string } {
  if (isContentError(error)) return { code: error.code, message: error.message };
  const message = error instanceof Error ? error.message : String(error);
  // Messages of V8 and WebAssembly for a refused allocation.
  const outOfMemory = error instanceof RangeError && /allocation|memory|array length/i.test(message);
  return outOfMemory
    ? { code: 'limit', message: 'needs more memory than the sandbox allows (sandboxMemoryBytes)' }
    : { code: 'sandbox', message };
}
