import { readFileSync } from 'node:fs';
import { AssayError, quotedName } from '../../core/index.ts';
import { type OpenvinoConstant, type OpenvinoModel, readOpenvino } from '../../formats/openvino/index.ts';
import {
  hiddenText,
  joinedRanges,
  leaveUnjudged,
  readOrReport,
  type ScanContext,
  type ScanTarget,
} from '../scanner/index.ts';
import { judgeTemplates } from '../text/index.ts';
import { OPENVINO_RULES } from './rules.ts';

/** `operations.json`, made by `fixtures/make/openvino_models.py`. */
interface WrittenOperations {
  readonly newest: number;
  readonly operations: string;
  readonly tokenizers: string;
}

interface Operations {
  readonly newest: number;
  readonly standard: ReadonlySet<string>;
  readonly tokenizers: ReadonlySet<string>;
}

/** Models before 10 have layers of other names. */
const OLDEST = 10;
const NEWEST = 11;
const MAX_BYTES = 256 * 1024 * 1024;
const SOME = 1_000;
const BITS: Readonly<Record<string, number>> = {
  ...{ boolean: 8, i8: 8, u8: 8, f8e4m3: 8, f8e5m2: 8, f8e8m0: 8, i16: 16, u16: 16, f16: 16, bf16: 16 },
  ...{
    i32: 32,
    u32: 32,
    f32: 32,
    i64: 64,
    u64: 64,
    f64: 64,
    u1: 1,
    u2: 2,
    u3: 3,
    u4: 4,
    i4: 4,
    u6: 6,
    nf4: 4,
    f4e2m1: 4,
  },
};
/** Packed in groups of bytes: three words of bits for 3, 6 bits. */
const GROUPED = new Set(['u3', 'u6']);
const TEMPLATE = /\{[{%#]/;

let operations: Operations | undefined;

function listed(): Operations {
  if (operations !== undefined) return operations;
  const file = readFileSync(new URL('./operations.json', import.meta.url), 'utf8');
  const written = JSON.parse(file) as WrittenOperations;
  const words = (text: string) => new Set(text.split(' '));
  operations = { newest: written.newest, standard: words(written.operations), tokenizers: words(written.tokenizers) };
  return operations;
}

/** Reads a model, and reports what is not known to compute only. */
export async function judgeOpenvino(target: ScanTarget, context: ScanContext): Promise<void> {
  const { source } = target;
  if (source.size > MAX_BYTES) throw new AssayError('limit', `an OpenVINO model of more than ${MAX_BYTES} bytes`);
  // The bytes, and the text of two bytes a character.
  context.budget.hold(3 * source.size);
  const bytes = await source.read(0, source.size);
  const model = await readOrReport(target, context, OPENVINO_RULES.structure, async () =>
    readOpenvino(decoded(bytes), context.budget),
  );
  if (model === undefined) return;
  judgeVersion(model, context);
  judgeLayers(model, context);
  judgeConstants(model, target, context);
  judgeTexts(model, context);
  for (const { key, value, offset } of model.oddities.slice(0, SOME))
    context.report({ rule: OPENVINO_RULES.structure, subject: key, message: `In the model, ${key} ${value}.`, offset });
  context.cover(0, source.size, 'parsed');
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new AssayError('malformed', 'the model is not UTF-8', { cause: error });
  }
}

function judgeVersion({ version, layers }: OpenvinoModel, context: ScanContext): void {
  const newest = Math.max(0, ...new Set(layers.map(({ set }) => Number(/^opset(\d{1,4})$/.exec(set)?.[1] ?? 0))));
  const known = listed().newest;
  if (version >= OLDEST && version <= NEWEST && newest <= known) return;
  const what = newest > known ? `operations of opset${newest}` : `version ${version} of the format`;
  const detail = `The model has ${what}, and Assay knows versions ${OLDEST} and ${NEWEST} with the sets up to opset${known}.`;
  leaveUnjudged(context, 'format.openvino.version', detail);
}

function judgeLayers({ layers }: OpenvinoModel, context: ScanContext): void {
  const { standard, tokenizers } = listed();
  const seen = new Set<string>();
  for (const { type, set, offset } of layers) {
    const subject = `${set}:${type}`;
    if (seen.has(subject)) continue;
    seen.add(subject);
    if (seen.size > SOME) {
      context.incomplete(`the model has more than ${SOME} kinds of layers`);
      return;
    }
    if (/^opset\d{1,4}$/.test(set) || set === 'experimental') {
      if (standard.has(type)) continue;
      const message = `The operation ${quotedName(type)} is not in the operation sets of OpenVINO.`;
      context.report({ rule: OPENVINO_RULES.unlisted, subject, message, offset, evidence: subject });
    } else if (set !== 'extension' || !tokenizers.has(type)) {
      const message = `The operation ${quotedName(type)} of ${quotedName(set)} is in a library that the program must load.`;
      context.report({ rule: OPENVINO_RULES.custom, subject, message, offset, evidence: subject });
    }
  }
}

function judgeConstants({ constants }: OpenvinoModel, target: ScanTarget, context: ScanContext): void {
  if (constants.length === 0) return;
  const ranges: { start: number; end: number }[] = [];
  for (const constant of constants) {
    const range = rangeOf(constant);
    const why =
      range === undefined ? 'has a place that is not two plain numbers' : mismatch(constant, range.end - range.start);
    if (why !== undefined) {
      const message = `The constant ${quotedName(constant.name)} ${why}.`;
      context.report({ rule: OPENVINO_RULES.data, subject: constant.name, message, offset: constant.offset });
    }
    if (range !== undefined) ranges.push(range);
  }
  if (target.member !== undefined) {
    const detail =
      'Constants of the model are in another file, and the model is in an archive: unpack it, and scan the folder.';
    leaveUnjudged(context, 'format.openvino.weights', detail);
    return;
  }
  const path = target.file.replace(/(?:\.[^./]*)?$/, '.bin');
  context.refersTo({ path, ranges: joinedRanges(ranges), rule: OPENVINO_RULES.data });
}

function rangeOf({ start, size }: OpenvinoConstant): { start: number; end: number } | undefined {
  const plain = /^(?:0|[1-9]\d{0,15})$/;
  const end = Number(start) + Number(size);
  return plain.test(start) && plain.test(size) && Number.isSafeInteger(end) ? { start: Number(start), end } : undefined;
}

/** Whether a constant has other bytes than its type and shape need; texts have their own lengths. */
function mismatch({ type, shape }: OpenvinoConstant, bytes: number): string | undefined {
  const bits = Object.hasOwn(BITS, type) ? BITS[type] : undefined;
  if (type === 'string' || GROUPED.has(type)) return undefined;
  if (bits === undefined) return `is of the type ${quotedName(type)}, which is not known`;
  const dims = shape.trim() === '' ? [] : shape.split(',').map((dim) => Number(dim.trim() === '' ? Number.NaN : dim));
  const elements = dims.reduce((product, dim) => product * dim, 1);
  if (!dims.every((dim) => Number.isSafeInteger(dim) && dim >= 0) || !Number.isSafeInteger(elements * bits))
    return `has the shape ${quotedName(shape)}`;
  const needed = Math.ceil((elements * bits) / 8);
  return needed === bytes ? undefined : `needs ${needed} bytes, and has ${bytes}`;
}

function judgeTexts({ texts }: OpenvinoModel, context: ScanContext): void {
  const templates: string[] = [];
  for (const { key, value, offset } of texts) {
    if (/template/i.test(key) || TEMPLATE.test(value)) templates.push(value);
    const evidence = TEMPLATE.test(value) ? undefined : hiddenText(value);
    if (evidence === undefined) continue;
    const message = `The text ${quotedName(key)} of the model looks like code.`;
    context.report({ rule: OPENVINO_RULES.hidden, subject: key, message, offset, evidence });
  }
  const { findings, why } = judgeTemplates(templates.map((text) => ({ text, declared: true })));
  for (const finding of findings) context.report(finding);
  const [first] = [...why.values()];
  if (first === undefined) return;
  const detail = `The model holds a chat template, which is a program that loaders run, and it could not be proved harmless (${first}).`;
  leaveUnjudged(context, 'format.openvino.chat-template', detail);
}
