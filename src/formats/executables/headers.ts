/** What a header of machine code says, once it is consistent. */
export interface Executable {
  readonly kind: 'elf' | 'pe' | 'mach-o' | 'ape';
  /** "64-bit library for x86-64", for people. */
  readonly what: string;
  /** Where the parts that the header names end; the program may go on behind them. */
  readonly end: number;
}

/** Bytes of a head that are enough to read a header. */
export const EXECUTABLE_HEAD = 4_096;

/**
 * The header of an executable at the start of `head`, of which `size` bytes are there in all. Every field that a loader of the operating
 * system checks must hold: numbers begin with four bytes of a magic now and then, and never go on so.
 */
export function readExecutable(head: Uint8Array, size: number): Executable | undefined {
  if (head.length < 64 || size < 64) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const magic = view.getUint32(0);
  if (magic === 0x7f454c46) return readElf(view, size);
  if (magic === 0xcafebabe || magic === 0xcafebabf) return readFat(view, size, magic === 0xcafebabf);
  if (THIN.has(magic)) return readMachO(view, size);
  if (view.getUint16(0) === 0x4d5a) return readPe(view, size);
  return undefined;
}

/** Whether bytes begin as machine code does; it is machine code only when its header is consistent. */
export function hasExecutableMagic(head: Uint8Array): boolean {
  if (head.length < 4) return false;
  const magic = new DataView(head.buffer, head.byteOffset, 4).getUint32(0);
  return (
    magic === 0x7f454c46 || magic === 0xcafebabe || magic === 0xcafebabf || THIN.has(magic) || magic >>> 16 === 0x4d5a
  );
}

/** ELF: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html */
function readElf(view: DataView, size: number): Executable | undefined {
  const [wide, order] = [view.getUint8(4) === 2, view.getUint8(5)];
  if ((view.getUint8(4) !== 1 && !wide) || (order !== 1 && order !== 2) || view.getUint8(6) !== 1) return undefined;
  const little = order === 1;
  const u16 = (at: number) => view.getUint16(at, little);
  const word = (at: number) => (wide ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little));
  const type = u16(16);
  const machine = u16(18);
  if (type < 1 || type > 4 || machine === 0 || view.getUint32(20, little) !== 1) return undefined;
  const [programs, sections] = wide ? [word(32), word(40)] : [word(28), word(32)];
  const sizes = wide ? 52 : 40;
  if (u16(sizes) !== (wide ? 64 : 52)) return undefined;
  const [programBytes, programCount] = [u16(sizes + 2), u16(sizes + 4)];
  if (programCount > 0 && programBytes !== (wide ? 56 : 32)) return undefined;
  const end = programCount === 0 ? 0 : programs + programBytes * programCount;
  // Without segments it is an object file, which has sections.
  if (end > size || (programCount === 0 && (sections === 0 || sections > size))) return undefined;
  const what = ['', 'object file', 'program', 'program or library', 'core dump'][type] ?? 'program';
  return {
    kind: 'elf',
    what: `${wide ? 64 : 32}-bit ELF ${what}${machineName(ELF_MACHINES, machine)}`,
    end: Math.max(end, 64),
  };
}

const ELF_MACHINES: Readonly<Record<number, string>> = {
  3: 'x86',
  40: 'ARM',
  62: 'x86-64',
  183: 'AArch64',
  190: 'CUDA',
  224: 'AMD GPU',
  243: 'RISC-V',
};

function machineName(names: Readonly<Record<number, string>>, machine: number): string {
  const name = names[machine];
  return name === undefined ? '' : ` for ${name}`;
}

const PE_MACHINES: Readonly<Record<number, string>> = { 332: 'x86', 34404: 'x86-64', 43620: 'AArch64', 452: 'ARM' };

/** PE: https://learn.microsoft.com/windows/win32/debug/pe-format */
function readPe(view: DataView, size: number): Executable | undefined {
  const at = view.getUint32(60, true);
  if (at < 4 || at + 24 > view.byteLength || at + 26 > size) return undefined;
  if (view.getUint32(at) !== 0x50450000) return undefined;
  const [machine, sections, optional] = [
    view.getUint16(at + 4, true),
    view.getUint16(at + 6, true),
    view.getUint16(at + 20, true),
  ];
  const name = PE_MACHINES[machine];
  const end = at + 24 + optional + 40 * sections;
  if (name === undefined || sections === 0 || sections > 96 || end > size) return undefined;
  if (at + 26 <= view.byteLength && optional > 0 && ![0x10b, 0x20b].includes(view.getUint16(at + 24, true)))
    return undefined;
  const library = (view.getUint16(at + 22, true) & 0x2000) !== 0;
  return { kind: 'pe', what: `Windows ${library ? 'library' : 'program'} for ${name}`, end };
}

const THIN: ReadonlySet<number> = new Set([0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe]);
const MACH_CPUS: Readonly<Record<number, string>> = {
  7: 'x86',
  16777223: 'x86-64',
  12: 'ARM',
  16777228: 'AArch64',
  18: 'PowerPC',
  16777234: 'PowerPC 64',
};

/** Mach-O: mach-o/loader.h of XNU. */
function readMachO(view: DataView, size: number): Executable | undefined {
  const magic = view.getUint32(0);
  const little = magic === 0xcefaedfe || magic === 0xcffaedfe;
  const wide = magic === 0xfeedfacf || magic === 0xcffaedfe;
  const [cpu, type, commands, bytes] = [4, 12, 16, 20].map((at) => view.getUint32(at, little)) as [
    number,
    number,
    number,
    number,
  ];
  const name = MACH_CPUS[cpu];
  const header = wide ? 32 : 28;
  if (name === undefined || type < 1 || type > 12 || commands === 0) return undefined;
  if (bytes < 8 * commands || header + bytes > size) return undefined;
  return {
    kind: 'mach-o',
    what: `Mach-O ${type === 6 || type === 8 ? 'library' : 'program'} for ${name}`,
    end: header + bytes,
  };
}

/** A universal binary: mach-o/fat.h. Each part must begin as a thin one where it is at hand, and lie within the file. */
function readFat(view: DataView, size: number, wide: boolean): Executable | undefined {
  const count = view.getUint32(4);
  const each = wide ? 32 : 20;
  if (count === 0 || count > 40 || 8 + each * count > Math.min(size, view.byteLength)) return undefined;
  let end = 0;
  for (let i = 0; i < count; i++) {
    const at = 8 + each * i;
    const [offset, bytes] = wide
      ? [Number(view.getBigUint64(at + 8)), Number(view.getBigUint64(at + 16))]
      : [view.getUint32(at + 8), view.getUint32(at + 12)];
    if (MACH_CPUS[view.getUint32(at)] === undefined || offset < 8 + each * count || offset + bytes > size)
      return undefined;
    end = Math.max(end, offset + bytes);
  }
  return { kind: 'mach-o', what: `universal Mach-O binary of ${count} parts`, end };
}

/**
 * The machine of an ELF file by its first 20 bytes; undefined when they are not those of one. The version is 1 and seven bytes are zeros, so that numbers
 * do not look like it, and a library whose later fields are broken is still found.
 */
export function elfIdentity(head: Uint8Array): number | undefined {
  const isElf = head.length >= 20 && head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46;
  const [wide, order, version] = [head[4], head[5], head[6]];
  if (!isElf || (wide !== 1 && wide !== 2) || (order !== 1 && order !== 2) || version !== 1) return undefined;
  if (head.subarray(9, 16).some((byte) => byte !== 0)) return undefined;
  return order === 1 ? (head[18] ?? 0) + 256 * (head[19] ?? 0) : (head[19] ?? 0) + 256 * (head[18] ?? 0);
}
