import { type ByteSource, chunks } from '../../core/bytes/index.ts';
import { type FileBudget, isAssayError } from '../../core/index.ts';
import { checkCatboostJson, readCatboost, readLightgbm, readXgboost } from '../../formats/boosters/index.ts';
import { readRdkitBits, readRdkitCounts } from '../../formats/fingerprints/index.ts';
import { readWkb } from '../../formats/geometry/index.ts';
import { readSentencePiece, readTokenizerJson } from '../../formats/tokenizers/index.ts';
import { leaveUnjudged, type Rule, type ScanContext, SUPPLY_CHAIN, structureRule } from '../scanner/index.ts';

/** Models that a library's own native code reads, by library. */
export type NativeModel =
  | ('xgboost' | 'lightgbm' | 'catboost' | 'catboost-json' | 'sentencepiece' | 'tokenizers')
  | ('wkb' | 'rdkit-bits' | 'rdkit-counts');

interface NativeReader {
  readonly title: string;
  read(source: ByteSource, budget: FileBudget): Promise<void>;
}

const READERS: Readonly<Record<NativeModel, NativeReader>> = {
  xgboost: { title: 'XGBoost model', read: readXgboost },
  lightgbm: { title: 'LightGBM model', read: readLightgbm },
  catboost: { title: 'CatBoost model', read: readCatboost },
  'catboost-json': { title: 'CatBoost model in JSON', read: checkCatboostJson },
  sentencepiece: { title: 'SentencePiece tokenizer', read: readSentencePiece },
  tokenizers: { title: 'tokenizer of the tokenizers library', read: readTokenizerJson },
  wkb: { title: 'geometry in well-known binary', read: readWkb },
  'rdkit-bits': { title: 'fingerprint of RDKit', read: readRdkitBits },
  'rdkit-counts': { title: 'fingerprint of RDKit with counts', read: readRdkitCounts },
};

/** The result of a reader: the model is consistent, it contradicts itself, or a part of it is not known. */
export type NativeVerdict =
  | { readonly kind: 'sound' }
  | { readonly kind: 'broken' | 'unknown-part'; readonly why: string; readonly offset: number | undefined };

/** @throws AssayError `limit`; what reading the source throws */
export async function readNativeModel(
  model: NativeModel,
  source: ByteSource,
  budget: FileBudget,
): Promise<NativeVerdict> {
  try {
    await READERS[model].read(source, budget);
    return { kind: 'sound' };
  } catch (error) {
    if (!isAssayError(error)) throw error;
    const { code, message: why, offset } = error;
    if (code === 'malformed' || code === 'truncated') return { kind: 'broken', why, offset };
    if (code === 'unsupported') return { kind: 'unknown-part', why, offset };
    throw error;
  }
}

export function titleOf(model: NativeModel): string {
  return READERS[model].title;
}

export const NATIVE_STRUCTURE = structureRule(
  'native-model.structure',
  'A model contradicts itself',
  'The encoding of the model ends too early, or a count, an index or an offset is out of range: a child that is not a node of its tree, a feature that the model does not have, a tree with a loop. The libraries of these models are native code that does not check such indexes: a file like this makes them read or write memory outside the model.',
);

export const NATIVE_MARKUP: Rule = {
  id: 'native-model.markup',
  title: 'A text of a model holds markup',
  severity: 'info',
  verdict: 'none',
  explanation:
    'A name of a feature, a class or an attribute of the model holds HTML with a script. Loading the model does not run it; a page that shows the name without escaping it does.',
  remedy: 'Escape names of features wherever a page shows them, or ask the author to save the model with plain names.',
  owasp: SUPPLY_CHAIN.owasp,
  atlas: ['AML.T0010'],
  cwe: ['CWE-79'],
};

/** Markup that runs something, also as JSON may escape its first character. */
const MARKUP_TEXT =
  /(?:<|\\u003[cC])(?:script\b|(?:iframe|object|embed|svg|img|body|a|input|video)\b[^>\n]{0,200}?(?:\bon[a-z]{3,20}\s{0,4}=|javascript:))/i;
/** Bytes of one chunk that are looked at again with the next. */
const OVERLAP = 256;

/** Judges a model that native code reads, from its first byte to its last. */
export async function judgeNativeModel(
  model: NativeModel,
  source: ByteSource,
  formatId: string,
  context: ScanContext,
): Promise<void> {
  const verdict = await readNativeModel(model, source, context.budget);
  if (verdict.kind === 'sound') {
    if (formatId !== 'sentencepiece') await lookForMarkup(source, context);
    context.cover(0, source.size, 'parsed');
    return;
  }
  const { why, offset } = verdict;
  if (verdict.kind === 'broken') {
    const place = offset === undefined ? {} : { offset };
    context.report({
      rule: NATIVE_STRUCTURE,
      message: `The model contradicts itself: ${why}.`,
      subject: 'structure',
      ...place,
    });
  } else {
    const at = offset === undefined ? '' : ` at byte ${offset}`;
    leaveUnjudged(
      context,
      `format.${formatId}.scan`,
      `Assay does not know a part of the model, and did not judge it: ${why}${at}.`,
    );
  }
  context.cover(0, source.size, 'opaque', 'the model was not read to its end');
}

/** A fact for those who show the names of a model. */
async function lookForMarkup(source: ByteSource, context: ScanContext): Promise<void> {
  let carry = '';
  let at = 0;
  for await (const bytes of chunks(source)) {
    context.budget.work(bytes.length);
    const window = carry + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    const found = MARKUP_TEXT.exec(window);
    if (found !== null) {
      const offset = at - carry.length + found.index;
      context.report({
        rule: NATIVE_MARKUP,
        message: 'A text of the model holds markup that a page would run.',
        subject: 'markup',
        offset,
        evidence: found[0].slice(0, 100),
      });
      return;
    }
    carry = window.slice(-OVERLAP);
    at += bytes.length;
  }
}
