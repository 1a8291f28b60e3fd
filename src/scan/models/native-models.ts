import type { ByteSource } from '../../core/bytes/index.ts';
import { type FileBudget, isAssayError } from '../../core/index.ts';
import { readCatboost, readLightgbm, readXgboost } from '../../formats/boosters/index.ts';
import { readRdkitBits, readRdkitCounts } from '../../formats/fingerprints/index.ts';
import { readWkb } from '../../formats/geometry/index.ts';
import { CATBOOST, LIGHTGBM, UBJSON, XGBOOST_BINARY } from '../../formats/index.ts';
import { XGBOOST_JSON } from '../../formats/json/index.ts';
import { SENTENCEPIECE } from '../../formats/protobuf/index.ts';
import { readSentencePiece, readTokenizerJson } from '../../formats/tokenizers/index.ts';
import { leaveUnjudged, type Scanner, structureRule } from '../scanner/index.ts';

/** Models that a library's own native code reads, by library. */
export type NativeModel =
  | ('xgboost' | 'lightgbm' | 'catboost' | 'sentencepiece' | 'tokenizers')
  | ('wkb' | 'rdkit-bits' | 'rdkit-counts');

interface NativeReader {
  readonly title: string;
  read(source: ByteSource, budget: FileBudget): Promise<void>;
}

const READERS: Readonly<Record<NativeModel, NativeReader>> = {
  xgboost: { title: 'XGBoost model', read: readXgboost },
  lightgbm: { title: 'LightGBM model', read: readLightgbm },
  catboost: { title: 'CatBoost model', read: readCatboost },
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

const STRUCTURE = structureRule(
  'native-model.structure',
  'A model contradicts itself',
  'The encoding of the model ends too early, or a count, an index or an offset is out of range: a child that is not a node of its tree, a feature that the model does not have, a tree with a loop. The libraries of these models are native code that does not check such indexes: a file like this makes them read or write memory outside the model.',
);

const FORMATS: ReadonlyMap<string, NativeModel> = new Map([
  [UBJSON.id, 'xgboost'],
  [XGBOOST_BINARY.id, 'xgboost'],
  [XGBOOST_JSON.id, 'xgboost'],
  [LIGHTGBM.id, 'lightgbm'],
  [CATBOOST.id, 'catboost'],
  [SENTENCEPIECE.id, 'sentencepiece'],
]);

/** Judges models that native code reads: all their indexes must stay in range. */
export const nativeModelScanner: Scanner = {
  id: 'native-models',
  formats: [...FORMATS.keys()],
  rules: [STRUCTURE],
  async scanFile({ source, format }, context) {
    const model = FORMATS.get(format.id);
    if (model === undefined) return context.incomplete(`no reader of ${format.id}`);
    const verdict = await readNativeModel(model, source, context.budget);
    if (verdict.kind === 'sound') return context.cover(0, source.size, 'parsed');
    const { why, offset } = verdict;
    if (verdict.kind === 'broken') {
      const place = offset === undefined ? {} : { offset };
      context.report({
        rule: STRUCTURE,
        message: `The model contradicts itself: ${why}.`,
        subject: 'structure',
        ...place,
      });
    } else
      leaveUnjudged(
        context,
        `format.${format.id}.scan`,
        `Assay does not know a part of the model, and did not judge it: ${why}.`,
      );
    context.cover(0, source.size, 'opaque', 'the model was not read to its end');
  },
};
