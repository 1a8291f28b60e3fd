import { chunks } from '../../core/bytes/index.ts';
import { elfIdentity } from '../../formats/executables/index.ts';
import { leaveUnjudged, type ScanContext, type ScanTarget } from '../scanner/index.ts';
import { TENSORRT_RULES } from './rules.ts';

/** Bytes of an ELF file that tell for which machine it is. */
const IDENTITY = 20;
/** Programs of the graphics processor, of which every engine has some. */
const GPU_MACHINES: ReadonlySet<number> = new Set([190]);
const MAX_LIBRARIES = 20;

/** Looks for libraries of the host's machine code in an engine. It is never better than not assessed. */
export async function judgeTensorrt(target: ScanTarget, context: ScanContext): Promise<void> {
  const { source } = target;
  const magic = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);
  let carry = Buffer.alloc(0);
  let at = 0;
  let found = 0;
  for await (const bytes of chunks(source)) {
    const window = Buffer.concat([carry, bytes]);
    const base = at - carry.length;
    for (let hit = window.indexOf(magic); hit >= 0; hit = window.indexOf(magic, hit + 1)) {
      if (hit + IDENTITY > window.length) break;
      const machine = elfIdentity(window.subarray(hit, hit + IDENTITY));
      if (machine === undefined || GPU_MACHINES.has(machine) || ++found > MAX_LIBRARIES) continue;
      const message = `The engine holds an ELF file of the machine ${machine} at byte ${base + hit}, such as a library of plugins.`;
      context.report({ rule: TENSORRT_RULES.custom, subject: `elf ${found}`, message, offset: base + hit });
    }
    at += bytes.length;
    carry = window.subarray(Math.max(0, window.length - IDENTITY + 1));
  }
  const detail =
    'A TensorRT engine holds machine code of the graphics processor; only libraries of the host within it are looked for.';
  leaveUnjudged(context, 'format.tensorrt.scan', detail);
  context.cover(0, source.size, 'opaque', 'an engine, in which only libraries of the host are looked for');
}
