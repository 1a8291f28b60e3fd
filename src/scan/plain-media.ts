import { type ByteSource, chunks, SliceSource } from '../core/bytes/index.ts';
import { identifyFormat, probeOf } from '../formats/index.ts';
import { LATE_MEDIA, MEDIA, mediaEnd } from '../formats/media/index.ts';
import { type ScanContext, type Scanner, structureRule } from './scanner/index.ts';
import { leaveInterests } from './text/index.ts';

const TRAILING = structureRule(
  'data.trailing-bytes',
  'Bytes follow the end of a picture',
  'The file continues after the end of the picture. No viewer shows those bytes, so they are meant for another program: a harmless file can carry a payload this way.',
);
/** A camera puts a preview, and a second exposure, after the first picture. */
const MAX_PICTURES = 32;

/** Pictures, sound, fonts and documents are data, if they end where their header states. */
export const plainMediaScanner: Scanner = {
  id: 'plain-media',
  formats: [...MEDIA, ...LATE_MEDIA].map(({ id }) => id),
  rules: [TRAILING],
  async scanFile({ source, format }, context) {
    if (format.id === 'pdf') {
      await lookForActions(source, context);
      return;
    }
    const end = await endOf(source, format.id);
    context.cover(0, end, 'opaque', `${format.title}: shown or played, never run`);
    if (end < source.size) await judgeRest(source, end, format.title, context);
  },
};

async function endOf(source: ByteSource, formatId: string): Promise<number> {
  let end = (await mediaEnd(source, formatId)) ?? source.size;
  for (let pictures = 1; formatId === 'jpeg' && pictures < MAX_PICTURES && end + 3 < source.size; pictures++) {
    const start = source.readNow(end, 3) ?? (await source.read(end, 3));
    if (start[0] !== 0xff || start[1] !== 0xd8 || start[2] !== 0xff) break;
    end += (await mediaEnd(new SliceSource(source, end, source.size - end, source.name), 'jpeg')) ?? 0;
  }
  return end;
}

async function judgeRest(source: ByteSource, end: number, title: string, context: ScanContext): Promise<void> {
  if (await isPadding(source, end)) {
    context.cover(end, source.size, 'parsed');
    return;
  }
  const rest = new SliceSource(source, end, source.size - end, `${source.name} after its end`);
  const format = identifyFormat(await probeOf(rest));
  const what = format === undefined ? '' : `, which read as ${format.title}`;
  context.report({
    rule: TRAILING,
    message: `${rest.size} bytes follow the end of the ${title}${what}.`,
    subject: 'trailing',
    offset: end,
  });
  if (format !== undefined) await context.member(rest, 'trailing-bytes', { storedAt: end });
  else context.cover(end, source.size, 'opaque', 'after the end of the picture: no viewer reads it');
}

async function isPadding(source: ByteSource, start: number): Promise<boolean> {
  for await (const bytes of chunks(source, start)) {
    if (!bytes.every((byte) => byte === 0 || byte === 0x0a || byte === 0x0d || byte === 0x20)) return false;
  }
  return true;
}

const PDF_ACTION = /\/(?:JavaScript|JS|Launch|EmbeddedFile|RichMedia|SubmitForm|ImportData|ObjStm|Encrypt)\b/;

/** Names of actions stand in the open, unless objects are packed in streams or encrypted: those count as well. */
async function lookForActions(source: ByteSource, context: ScanContext): Promise<void> {
  let carry = '';
  let found = false;
  for await (const bytes of chunks(source)) {
    const text = carry + Buffer.from(bytes).toString('latin1');
    // A name may be written with #-escapes, which serve only to hide it.
    found ||= PDF_ACTION.test(text) || /\/[A-Za-z]{0,20}#[0-9a-fA-F]{2}/.test(text);
    carry = text.slice(-64);
  }
  context.cover(0, source.size, 'parsed');
  if (found) leaveInterests(context, ['format.pdf.scan']);
}
