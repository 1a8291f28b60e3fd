import { GGUF, type GgufHeader, readGguf } from '../../formats/index.ts';
import {
  EMBEDDED,
  headerBlock,
  judgeBuffers,
  leaveUnjudged,
  readOrReport,
  type ScanContext,
  type Scanner,
  type ScanTarget,
  structureRule,
} from '../scanner/index.ts';
import { judgeTemplates } from '../text/index.ts';

const WHY =
  'Loaders of GGUF are written in C and C++. Counts, lengths and offsets like these have caused memory errors in them.';

const STRUCTURE = structureRule(
  'gguf.structure',
  'The GGUF header is broken',
  `A count, a length, a type or an alignment in the header contradicts the size of the file, or breaks the format. ${WHY}`,
);
const LAYOUT = structureRule(
  'gguf.layout',
  'GGUF tensors overlap, leave gaps or reach beyond the file',
  `Tensors must lie within the file, aligned, one after another. ${WHY}`,
);
const TRAILING = structureRule(
  'gguf.trailing-bytes',
  'Bytes follow the last tensor',
  'The file continues after the last tensor. No loader of GGUF reads those bytes, so they are meant for another program.',
);

const SPLIT = structureRule(
  'gguf.split',
  'A part of a GGUF model is not the part that its name says',
  'llama.cpp finds the parts of a model by the name of the first (`-00001-of-00003`), and takes their number from the header. Where both differ, another set of files is loaded than the one that the names show.',
);
/** How llama.cpp names the parts of a model. */
const PART = /-(\d{5})-of-(\d{5})\.gguf$/i;

/** Judges a GGUF file by its header, and the chat templates in it. */
export const ggufScanner: Scanner = {
  id: 'gguf',
  formats: [GGUF.id],
  rules: [STRUCTURE, LAYOUT, TRAILING, SPLIT],
  async scanFile(target, context) {
    const header = await readOrReport(target, context, STRUCTURE, () =>
      readGguf(target.source, isTemplate, headerBlock(target)),
    );
    if (header === undefined) return;
    context.cover(0, header.headerEnd, 'parsed');
    await checkLayout(target, context, header);
    checkSplit(target, context, header);
    await judgeTensors(target, context, header);
    checkTemplates(context, header);
  },
};

function checkTemplates(context: ScanContext, { keys, texts }: GgufHeader): void {
  const { findings, why } = judgeTemplates(texts.map(({ text }) => ({ text, declared: true })));
  for (const finding of findings) context.report(finding);
  // A template that is not text, or a list of names of templates beside those that were read.
  const read = new Set(texts.map(({ key }) => key));
  const unread = keys.filter((key) => isTemplate(key) && !NAMES.has(key) && !read.has(key));
  const [first = unread[0]] = [...why.values()];
  if (first === undefined) return;
  const detail = `The file holds a chat template, which is a program that loaders run, and it could not be proved harmless (${first}); no scanner judges it yet.`;
  leaveUnjudged(context, 'format.gguf.chat-template', detail);
}

/** The list of the other templates' names. */
const NAMES: ReadonlySet<string> = new Set(['tokenizer.chat_templates']);

function isTemplate(key: string): boolean {
  return key.startsWith('tokenizer.chat_template');
}

/** Tensors whose first bytes are looked at, of a file that is at hand. */
const MAX_LOOKED_AT = 20_000;

function checkSplit({ file, member = file }: ScanTarget, context: ScanContext, { split }: GgufHeader): void {
  const [, part, parts] = PART.exec(member) ?? [];
  if (part === undefined || split.count === undefined) return;
  const [no, count] = [Number(part) - 1, Number(parts)];
  if (split.count === count && (split.no ?? no) === no) return;
  const message = `The name says part ${no + 1} of ${count}, and the header part ${(split.no ?? no) + 1} of ${split.count}.`;
  context.report({ rule: SPLIT, message, subject: 'split' });
}

async function judgeTensors(target: ScanTarget, context: ScanContext, header: GgufHeader): Promise<void> {
  if (target.distance === 'far') return;
  const buffers = header.tensors.slice(0, MAX_LOOKED_AT).map(({ name, offset, bytes }) => {
    const start = header.dataStart + offset;
    return { where: `tensor ${JSON.stringify(name.slice(0, 80))}`, start, end: start + bytes, numbers: true };
  });
  const held = buffers.filter(({ end }) => end <= target.source.size);
  await judgeBuffers(target, context, EMBEDDED, held);
}

async function checkLayout(target: ScanTarget, context: ScanContext, header: GgufHeader): Promise<void> {
  const { size } = target.source;
  let end = header.headerEnd;
  for (const tensor of [...header.tensors].sort((a, b) => a.offset - b.offset)) {
    const start = header.dataStart + tensor.offset;
    const name = JSON.stringify(tensor.name.slice(0, 80));
    const say = (message: string) =>
      context.report({ rule: LAYOUT, message: `Tensor ${name} ${message}.`, subject: tensor.name, offset: tensor.at });
    if (tensor.offset % header.alignment !== 0) say(`is not aligned to ${header.alignment} bytes`);
    if (start + tensor.bytes > size) say(`ends at ${start + tensor.bytes}, the file at ${size}`);
    else if (start < end) say('shares bytes with the tensor before it');
    else if (start - end >= header.alignment) say(`begins ${start - end} bytes after the end of the tensor before it`);
    else if (start > end) await checkPadding(target, context, end, start);
    context.cover(start, Math.min(start + tensor.bytes, size), 'opaque', 'raw tensor data: numbers');
    end = Math.max(end, start + tensor.bytes);
  }
  // Gaps were reported above.
  context.cover(
    Math.min(header.headerEnd, size),
    Math.min(end, size),
    'opaque',
    'between the tensors: no loader of GGUF reads it',
  );
  await checkRest(target, context, end, header.alignment);
}

/** Less than the alignment: writers leave zeros. Of a file that is fetched, ranges between tensors are not. */
async function checkPadding(target: ScanTarget, context: ScanContext, start: number, end: number): Promise<void> {
  const { source, distance } = target;
  context.cover(start, end, 'opaque', 'padding of less than the alignment');
  const bytes =
    source.readNow(start, end - start) ?? (distance === 'near' ? await source.read(start, end - start) : []);
  if (bytes.every((byte) => byte === 0)) return;
  const message = `The ${end - start} bytes of padding at ${start} are not zeros.`;
  context.report({ rule: LAYOUT, message, subject: 'padding', offset: start });
}

/** After the last tensor: zeros up to the alignment, as writers leave them, and nothing else. */
async function checkRest(target: ScanTarget, context: ScanContext, end: number, alignment: number): Promise<void> {
  const { source } = target;
  const length = source.size - end;
  if (length <= 0) return;
  if (length < alignment) {
    const padding = source.readNow(end, length) ?? (await source.read(end, length));
    if (padding.every((byte) => byte === 0)) return context.cover(end, source.size, 'parsed');
  }
  const message = `${length} bytes follow the last tensor.`;
  context.report({ rule: TRAILING, message, subject: 'trailing', offset: end });
  context.cover(end, source.size, 'opaque', 'after the tensors: no loader of GGUF reads it');
}
