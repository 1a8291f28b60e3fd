import {
  type GlobalName,
  NONE,
  OBJECT,
  type PickleState,
  STR,
  STR_DUNDER,
  type Value,
} from '../../formats/pickle/index.ts';
import type { NativeModel } from '../native-models/index.ts';
import { madeBy, placeOf, type SpelledBytes } from './contracts/index.ts';

/** Bytes that a class hands to its library's native code when it is given its state. */
export interface Handed extends SpelledBytes {
  readonly model: NativeModel;
  /** The class: "xgboost.core.Booster". */
  readonly owner: string;
}

/** A state whose bytes the stream does not contain. */
export interface Untold {
  readonly model: NativeModel;
  readonly owner: string;
  readonly why: string;
  /** A text is a path, which versions before 1.0 open. */
  readonly opens: boolean;
}

interface NativeState {
  readonly model: NativeModel;
  /** Members of the state, which is a dict, that are handed on; absent when the state itself is. */
  readonly keys?: readonly string[];
  /** The state may be the bytes themselves, too. */
  readonly bare?: true;
  /** An object of this class may stand there instead: its own state was looked at. */
  readonly instead?: string;
}

const SKLEARN: NativeState = { model: 'xgboost', keys: ['_Booster'], instead: 'xgboost.core:Booster' };
const CATBOOST: NativeState = { model: 'catboost', keys: ['__model'] };
const TOKENIZERS: NativeState = { model: 'tokenizers' };

const PARTS: Readonly<Record<string, readonly string[]>> = {
  '': ['Tokenizer', 'Encoding'],
  '.models': ['Model', 'BPE', 'WordPiece', 'WordLevel', 'Unigram'],
  '.normalizers': [
    ...['Normalizer', 'Sequence', 'BertNormalizer', 'NFC', 'NFD', 'NFKC', 'NFKD', 'Lowercase', 'Strip', 'StripAccents'],
    ...['Nmt', 'Precompiled', 'Replace', 'Prepend', 'ByteLevel'],
  ],
  '.pre_tokenizers': [
    ...['PreTokenizer', 'Sequence', 'BertPreTokenizer', 'ByteLevel', 'CharDelimiterSplit', 'Metaspace', 'Whitespace'],
    ...['WhitespaceSplit', 'Split', 'Punctuation', 'Digits', 'UnicodeScripts', 'FixedLength'],
  ],
  '.processors': [
    ...['PostProcessor', 'Sequence', 'BertProcessing', 'RobertaProcessing', 'ByteLevel', 'TemplateProcessing'],
  ],
  '.decoders': [
    ...['Decoder', 'Sequence', 'ByteLevel', 'Metaspace', 'WordPiece', 'BPEDecoder', 'CTC', 'Fuse', 'Strip', 'Replace'],
    'ByteFallback',
  ],
};

/** By "module:name": what each class hands to native code when it is unpickled. */
const STATES: ReadonlyMap<string, NativeState> = new Map([
  ['xgboost.core:Booster', { model: 'xgboost', keys: ['handle'] }],
  ...['XGBModel', 'XGBClassifier', 'XGBRegressor', 'XGBRanker', 'XGBRFClassifier', 'XGBRFRegressor'].map(
    (name) => [`xgboost.sklearn:${name}`, SKLEARN] as const,
  ),
  ['lightgbm.basic:Booster', { model: 'lightgbm', keys: ['handle', '_handle'] }],
  ...['CatBoost', 'CatBoostClassifier', 'CatBoostRegressor', 'CatBoostRanker'].map(
    (name) => [`catboost.core:${name}`, CATBOOST] as const,
  ),
  ...Object.entries(PARTS).flatMap(([module, names]) =>
    names.map((name) => [`tokenizers${module}:${name}`, TOKENIZERS] as const),
  ),
  ['sentencepiece:SentencePieceProcessor', { model: 'sentencepiece', keys: ['model_proto'], bare: true }],
  ['sentencepiece:SentencePieceNormalizer', { model: 'sentencepiece' }],
]);

/** By "module:name": functions and classes that hand the bytes that they are called with to native code. */
const CALLS: ReadonlyMap<string, NativeModel> = new Map<string, NativeModel>([
  ['shapely.io:from_wkb', 'wkb'],
  ['rdkit.DataStructs.cDataStructs:ExplicitBitVect', 'rdkit-bits'],
  ...['IntSparseIntVect', 'LongSparseIntVect', 'UIntSparseIntVect', 'ULongSparseIntVect'].map(
    (name) => [`rdkit.DataStructs.cDataStructs:${name}`, 'rdkit-counts'] as const,
  ),
]);

type Named = Pick<GlobalName, 'module' | 'name'>;

export function takesNativeState({ module, name }: Named): boolean {
  return STATES.has(`${module}:${name}`);
}

/** What a call hands to native code, whose contract lets nothing but bytes pass. */
export function handedByCall({ module, name }: Named, args: readonly Value[], machine: PickleState): readonly Handed[] {
  const model = CALLS.get(`${module}:${name}`);
  const place = model === undefined || args[0] === undefined ? undefined : placeOf(args[0], false, machine);
  return model === undefined || place === undefined ? [] : [{ model, owner: `${module}.${name}`, ...place }];
}

/**
 * The parts of a new state that an instance passes to native code. The result is meaningless while the machine waits for a
 * text.
 */
export function handedBy(owner: Named, state: Value, machine: PickleState): readonly (Handed | Untold)[] {
  const native = STATES.get(`${owner.module}:${owner.name}`);
  if (native === undefined) return [];
  const full = `${owner.module}.${owner.name}`;
  const untold = (why: string, opens = false): Untold => ({ model: native.model, owner: full, why, opens });
  const tell = (value: Value) => {
    const place = placeOf(value, native.model === 'lightgbm', machine);
    if (place === undefined) return untold(what(value), native.instead !== undefined && value.kind !== OBJECT);
    return { model: native.model, owner: full, ...place };
  };
  if (native.keys === undefined || (native.bare === true && machine.itemsOf(state) === undefined))
    return state.kind === NONE ? [] : [tell(state)];
  const items = machine.itemsOf(state);
  if (items === undefined) return [untold('a state whose members are unknown')];
  const handed: (Handed | Untold)[] = [];
  for (let i = 0; i + 1 < items.length; i += 2) {
    const [key, value] = [items[i], items[i + 1]];
    if (key === undefined || value === undefined) continue;
    const name = machine.text(key);
    if (machine.waits) return [];
    if (name === undefined && key.kind === OBJECT) handed.push(untold('a member whose name is computed'));
    if (name === undefined || !native.keys.includes(name) || value.kind === NONE) continue;
    if (native.instead !== undefined && madeBy(value, machine) === native.instead) continue;
    handed.push(tell(value));
  }
  return handed;
}

function what(value: Value): string {
  if (value.kind === OBJECT) return 'the result of a call';
  return value.kind === STR || value.kind === STR_DUNDER ? 'a text' : 'a value';
}
