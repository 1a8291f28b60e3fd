import { type Format, type Probe, startsWith } from './format.ts';
import { magicFormat, u32be, u32le } from './magic.ts';

/** Machine code and byte code. */
export const ELF = magicFormat(
  'elf',
  'ELF executable or library',
  ['.so', '.elf', '.o'],
  [[[0, [0x7f, 0x45, 0x4c, 0x46]]]],
);

export const MACH_O = magicFormat(
  'mach-o',
  'Mach-O executable or library',
  ['.dylib'],
  [
    [[0, [0xfe, 0xed, 0xfa, 0xce]]],
    [[0, [0xfe, 0xed, 0xfa, 0xcf]]],
    [[0, [0xce, 0xfa, 0xed, 0xfe]]],
    [[0, [0xcf, 0xfa, 0xed, 0xfe]]],
    [[0, [0xca, 0xfe, 0xba, 0xbe]]],
  ],
  // A universal binary shares its magic with Java classes, whose version number there is 45 or more.
  ({ head }) => head[0] !== 0xca || (u32be(head, 4) > 0 && u32be(head, 4) < 45),
);

export const JAVA_CLASS = magicFormat(
  'java-class',
  'Java class',
  ['.class'],
  [[[0, [0xca, 0xfe, 0xba, 0xbe]]]],
  ({ head }) => u32be(head, 4) % 65_536 >= 45,
);

export const PE: Format = {
  id: 'pe',
  title: 'Windows executable or library',
  extensions: ['.exe', '.dll', '.pyd', '.sys'],
  identify: isPe,
};

/** One file that is a Windows executable, a shell script and an ELF at once: llamafile is one. */
export const APE = magicFormat(
  'ape',
  'Actually Portable Executable (llamafile)',
  ['.llamafile', '.com'],
  [[[0, "MZqFpD='"]], [[0, "jartsr='"]]],
);

export const WASM = magicFormat('wasm', 'WebAssembly module', ['.wasm'], [[[0, [0, 0x61, 0x73, 0x6d]]]]);
export const LUA = magicFormat(
  'lua-bytecode',
  'Lua byte code',
  ['.luac'],
  [[[0, [0x1b, 0x4c, 0x75, 0x61]]], [[0, [0x1b, 0x4c, 0x4a]]]],
);

/** CPython's `.pyc`: a version number that ends in CR LF, flags, then a marshalled code object. */
export const PYC: Format = {
  id: 'pyc',
  title: 'Python byte code',
  extensions: ['.pyc', '.pyo'],
  identify({ head }) {
    if (head[2] !== 0x0d || head[3] !== 0x0a || head.length < 17) return false;
    const code = (byte: number | undefined) => byte === 0xe3 || byte === 0x63;
    return (u32le(head, 4) <= 3 && code(head[16])) || code(head[12]) || code(head[8]);
  },
};

function isPe({ head, size }: Probe): boolean {
  if (!startsWith(head, 'MZ')) return false;
  const at = u32le(head, 0x3c);
  if (head.length >= 0x40 && at + 4 <= head.length) return startsWith(head, [0x50, 0x45, 0, 0], at);
  // The header lies further on, or it is a DOS program, whose pages are in the file: text has no zero bytes, and numbers no such counts.
  const [last, pages] = [u32le(head, 2) % 65_536, u32le(head, 4) % 65_536];
  const isDos = last < 512 && pages > 0 && (pages - 1) * 512 + last <= size + 512;
  return size >= 0x40 && at < size && isDos && head.subarray(0, 0x40).includes(0);
}
