import { DEFAULT_LIMITS } from '../../core/limits.ts';
import type { Format, Probe } from '../format.ts';
import { run } from './machine.ts';
import { OPCODES } from './opcodes.ts';
import { type PickleHandler, PickleState, SILENT } from './state.ts';

/** Instructions that must hold before bytes without a protocol mark count as a pickle that goes on behind the head. */
const MIN_INSTRUCTIONS = 16;

export const PICKLE: Format = {
  id: 'pickle',
  title: 'Python pickle',
  extensions: ['.pkl', '.pickle', '.p', '.joblib', '.dill', '.sav', '.pdparams', '.pdopt'],
  identify: (probe) => hasProtocolMark(probe.head),
};

/** The same, of protocols 0 and 1, which have no mark: told by running their instructions. */
export const UNMARKED_PICKLE: Format = { ...PICKLE, identify: runsAsPickle };

/** PROTO 2 to 5, then an instruction that exists. */
function hasProtocolMark(head: Uint8Array): boolean {
  const [first, protocol, next] = head;
  return (
    first === 0x80 &&
    protocol !== undefined &&
    protocol >= 2 &&
    protocol <= 5 &&
    (next === undefined || OPCODES[next] !== undefined)
  );
}

/**
 * Whether the unpickler would do something with these bytes: reach the end of a stream, make a call, or keep going past the
 * head. Protocols 0 and 1 have no mark at the start, and any format's bytes may also be a pickle's.
 */
export function runsAsPickle(probe: Probe): boolean {
  const { head, size } = probe;
  if (head[0] === undefined || OPCODES[head[0]] === undefined || head[0] === 0x2e) return false;
  let calls = 0;
  let instructions = 0;
  let impossible = false;
  const handler: PickleHandler = {
    ...SILENT,
    onCall: () => void calls++,
    // A plain loader ends at a persistent id, and CPython at a literal that is none.
    onPersistentId: () => {
      impossible ||= calls === 0;
    },
    onOddity: (oddity) => {
      if (oddity === 'bad-literal' || oddity === 'line-without-end' || oddity === 'args-not-tuple')
        impossible ||= calls === 0;
    },
    onStep: () => void instructions++,
  };
  const state = new PickleState(0, size, handler, DEFAULT_LIMITS);
  const result = run(state, head, 0);
  if (impossible) return false;
  if (calls > 0) return true;
  if (result.kind === 'end') return result.end.kind === 'stop' && instructions > 1;
  return instructions >= MIN_INSTRUCTIONS || state.position > head.length;
}
