import { AssayError } from '../../core/index.ts';
import { PROCESSORS, type Processor } from './syscalls.ts';

const LOAD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_AT_LEAST = 0x35;
const JUMP_ANY_BIT = 0x45;
const RETURN = 0x06;

/** Places in `struct seccomp_data`; arguments are 64 bits, of which the lower half comes first. */
const NUMBER = 0;
const ARCH = 4;
const ARGUMENT_0 = 16;
const ARGUMENT_1 = 24;

const ALLOW = 0x7fff0000;
const KILL_PROCESS = 0x80000000;
const errno = (code: number) => 0x00050000 | code;
const EPERM = errno(1);
/** Libraries take another way when a call does not exist. */
const ENOSYS = errno(38);

const CLONE_THREAD = 0x00010000;
/** CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET. */
const NEW_NAMESPACES = 0x7e020000;
/** TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX. */
const IOCTLS = [0x5401, 0x5413, 0x541b, 0x5421, 0x5450, 0x5451];
/** PR_SET_NAME, PR_GET_NAME, PR_CAPBSET_READ, PR_SET_VMA. */
const PRCTLS = [15, 16, 23, 0x53564d41];

type Instruction = readonly [code: number, yes: number, no: number, value: number];

/**
 * A filter of system calls in the kernel's classic BPF, for `bwrap --seccomp`: what is not listed does not exist. No second process, no
 * socket, no namespace, no tracing, no key, no kernel module, no `io_uring`.
 * @param arch as `process.arch` names it
 * @throws AssayError `unsupported` for another processor than x64 and arm64
 * @see https://docs.kernel.org/userspace-api/seccomp_filter.html
 */
export function seccompFilter(arch: string): Uint8Array {
  const processor = PROCESSORS.find((one) => one.arch === arch);
  if (processor === undefined)
    throw new AssayError('unsupported', `the sandbox has no filter of system calls for ${arch}`, {
      hint: 'convert on a machine with x64 or arm64',
    });
  const program = instructions(processor);
  const bytes = new DataView(new ArrayBuffer(8 * program.length));
  for (const [i, [code, yes, no, value]] of program.entries()) {
    bytes.setUint16(8 * i, code, true);
    bytes.setUint8(8 * i + 2, yes);
    bytes.setUint8(8 * i + 3, no);
    bytes.setUint32(8 * i + 4, value, true);
  }
  return new Uint8Array(bytes.buffer);
}

function instructions({ audit, foreignFrom, allowed, clone, ioctl, prctl }: Processor): Instruction[] {
  return [
    [LOAD, 0, 0, ARCH],
    [JUMP_EQUAL, 1, 0, audit],
    [RETURN, 0, 0, KILL_PROCESS],
    [LOAD, 0, 0, NUMBER],
    ...(foreignFrom === undefined ? [] : when(JUMP_AT_LEAST, foreignFrom, [[RETURN, 0, 0, KILL_PROCESS]])),
    ...when(JUMP_EQUAL, clone, [
      [LOAD, 0, 0, ARGUMENT_0],
      ...when(JUMP_ANY_BIT, NEW_NAMESPACES, [[RETURN, 0, 0, EPERM]]),
      ...when(JUMP_ANY_BIT, CLONE_THREAD, [[RETURN, 0, 0, ALLOW]]),
      [RETURN, 0, 0, EPERM],
    ]),
    ...when(JUMP_EQUAL, ioctl, oneOf(ARGUMENT_1, IOCTLS)),
    ...when(JUMP_EQUAL, prctl, oneOf(ARGUMENT_0, PRCTLS)),
    ...allowed.flatMap((number) => when(JUMP_EQUAL, number, [[RETURN, 0, 0, ALLOW]])),
    [RETURN, 0, 0, ENOSYS],
  ];
}

/** Instructions that run if the loaded number compares so, and are jumped over otherwise. */
function when(compare: number, value: number, then: readonly Instruction[]): Instruction[] {
  return [[compare, 0, then.length, value], ...then];
}

function oneOf(argument: number, values: readonly number[]): Instruction[] {
  const each = values.flatMap((value) => when(JUMP_EQUAL, value, [[RETURN, 0, 0, ALLOW]]));
  return [[LOAD, 0, 0, argument], ...each, [RETURN, 0, 0, EPERM]];
}
