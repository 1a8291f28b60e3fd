import type { ByteSource } from '../core/byte-source.ts';
import type { Probe } from '../formats/format.ts';
import { runsAsPickle } from '../formats/pickle/format.ts';
import { layoutAt } from '../formats/pickle/opcodes.ts';
import { type ReadOptions, readStream } from '../formats/pickle/read.ts';
import type { PickleHandler } from '../formats/pickle/state.ts';
import { IDLE } from '../scan/stray.ts';

/**
 * Whether an unpickler would do something with bytes of another format: finish, call something, or meet a limit of ours. The
 * head tells, unless an instruction (a line of text) leads out of it: then the bytes are run on from there.
 * @throws AssayError what reading throws, `aborted`.
 */
export async function alsoRunsAsPickle(source: ByteSource, probe: Probe, options: ReadOptions): Promise<boolean> {
  if (runsAsPickle(probe)) return true;
  if (!leavesHead(probe)) return false;
  let calls = 0;
  let instructions = 0;
  let impossible = false;
  const handler: PickleHandler = {
    ...IDLE,
    onCall: () => void calls++,
    onOddity: (oddity) => {
      // CPython raises on these.
      if (oddity === 'bad-literal' || oddity === 'line-without-end' || oddity === 'args-not-tuple')
        impossible ||= calls === 0;
    },
    onStep: () => void instructions++,
  };
  const { end, state } = await readStream(source, 0, handler, options);
  state.close();
  if (impossible) return false;
  return calls > 0 || end.kind === 'limit' || (end.kind === 'stop' && instructions > 1);
}

/** Whether instructions follow each other from the first byte to beyond the head. */
function leavesHead({ head, size }: Probe): boolean {
  let at = 0;
  while (at < head.length) {
    const layout = layoutAt(head, at);
    if (layout.kind === 'invalid') return false;
    if (layout.kind === 'more') break;
    if (layout.opcode.name === 'STOP') return false;
    at = layout.end;
  }
  return Math.max(at, head.length) < size;
}
