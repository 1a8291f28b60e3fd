import { DEFAULT_LIMITS } from '../../core/index.ts';
import type { Format, Probe } from '../format.ts';
import { ALL_LOADERS, NOBODY } from './loaders.ts';
import { runMachine } from './machine.ts';
import { OP, OPCODES } from './opcodes.ts';
import { SILENT } from './silent.ts';
import { type PickleHandler, PickleState } from './state.ts';
import { GLOBAL, type Value } from './values.ts';

/**
 * The number of valid instructions after which bytes without a protocol mark count as a pickle that continues beyond the head.
 */
const MIN_INSTRUCTIONS = 16;
/** The form of a module name; words of a text do not have it, and import nothing. */
const MODULE = /^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}_][\p{L}\p{N}_]*)*$/u;

export const PICKLE: Format = {
  id: 'pickle',
  title: 'Python pickle',
  extensions: ['.pkl', '.pickle', '.p', '.joblib', '.dill', '.sav', '.pdparams', '.pdopt'],
  identify: (probe) => hasProtocolMark(probe.head),
};

/** The same, of protocols 0 and 1, which have no mark: told by running their instructions. */
export const UNMARKED_PICKLE: Format = { ...PICKLE, identify: (probe) => runAsPickle(probe) !== undefined };

/** PROTO 2 to 5, then an instruction that exists. */
function hasProtocolMark(head: Uint8Array): boolean {
  const [first, protocol, next] = head;
  return (
    first === OP.PROTO &&
    protocol !== undefined &&
    protocol >= 2 &&
    protocol <= 5 &&
    (next === undefined || OPCODES[next] !== undefined)
  );
}

/**
 * What an unpickler would do with these bytes: import something and run to the last byte (`whole`); run to an end, import, call
 * or change something, or keep going past the head (`part`). Protocols 0 and 1 have no mark at the start, and any format's bytes may also be a pickle's.
 */
export function runAsPickle({ head, size }: Probe): 'whole' | 'part' | undefined {
  if (head[0] === undefined || OPCODES[head[0]] === undefined || head[0] === OP.STOP) return undefined;
  let acts = false;
  let instructions = 0;
  const act = ({ kind }: Value) => {
    acts ||= kind >= GLOBAL;
  };
  const handler: PickleHandler = {
    ...SILENT,
    onImport: ({ module }) => {
      if (!MODULE.test(module)) return ALL_LOADERS;
      acts = true;
      return NOBODY;
    },
    onCall: ({ callee }) => act(callee),
    onBuild: (target) => void act(target),
    onMutate: (receiver) => act(receiver),
    onStep: () => void instructions++,
  };
  const state = new PickleState(0, size, handler, DEFAULT_LIMITS);
  const result = runMachine(state, head, 0);
  if (result.kind === 'end' && result.end.kind === 'stop' && instructions > 1)
    return acts && state.position === size ? 'whole' : 'part';
  if (acts || (result.kind !== 'end' && (instructions >= MIN_INSTRUCTIONS || state.position > head.length)))
    return 'part';
  return undefined;
}
