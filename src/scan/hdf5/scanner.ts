import { type ByteSource, SliceSource } from '../../core/bytes/index.ts';
import { HDF5, readSuperblock } from '../../formats/index.ts';
import type { ScanContext, Scanner, ScanTarget } from '../scanner/index.ts';
import { HDF5_RULES } from './rules.ts';

/** Judges an HDF5 file: a model of Keras, weights, or data. All of its parts are read; what they hold is loaded on demand. */
export const hdf5Scanner: Scanner = {
  id: 'hdf5',
  formats: [HDF5.id],
  rules: Object.values(HDF5_RULES),
  async scanFile(target, context) {
    const { at, end } = await readSuperblock(target.source);
    await around(target, context, { at, end });
    const { judgeContents } = await import('./contents/index.ts');
    await judgeContents(target, context, { at, end });
  },
};

/** The block of text that MATLAB writes before the HDF5 data of its files of version 7.3: 116 bytes of text, and zeros. */
async function isMatlabHead(source: ByteSource, length: number): Promise<boolean> {
  if (length !== 512) return false;
  const text = Buffer.from(await source.read(0, length)).toString('latin1');
  // A text of 116 bytes, 8 bytes that it does not use, the version 2.0 and the byte order, and zeros.
  const rest = text.slice(116);
  return (
    /^MATLAB 7\.3 MAT-file, [ -~]{95}/.test(text) &&
    [`${'\0'.repeat(8)}\0\u0002IM`, `${' '.repeat(8)}\0\u0002IM`].includes(rest.slice(0, 12)) &&
    rest.slice(12) === '\0'.repeat(384)
  );
}

/** What stands before and behind the HDF5 data. */
async function around(
  { source }: ScanTarget,
  context: ScanContext,
  { at, end }: { readonly at: number; readonly end: number },
): Promise<void> {
  if (at > 0 && (await isMatlabHead(source, at))) context.cover(0, at, 'parsed');
  else if (at > 0) {
    context.report({
      rule: HDF5_RULES.userBlock,
      message: `${at} bytes stand before the HDF5 data.`,
      subject: 'user-block',
      offset: 0,
    });
    await context.member(new SliceSource(source, 0, at, `${source.name} user block`), 'user-block', { storedAt: 0 });
  }
  if (end >= source.size) return;
  context.report({
    rule: HDF5_RULES.trailing,
    message: `${source.size - end} bytes follow the HDF5 data.`,
    subject: 'trailing',
    offset: end,
  });
  const rest = new SliceSource(source, end, source.size - end, `${source.name} after its end`);
  await context.member(rest, 'trailing-bytes', { storedAt: end });
}
