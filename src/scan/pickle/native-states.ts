import type { PickleState } from '../../formats/pickle/state.ts';
import { BYTES, type GlobalName, NONE, OBJECT, STR, STR_DUNDER, type Value } from '../../formats/pickle/values.ts';
import type { NativeModel } from '../native-models.ts';

/** Where bytes lie that a value of a stream holds. */
export interface Place {
  /** Where the instruction stands that holds the bytes, and where they start. */
  readonly at: number;
  readonly start: number;
  readonly length: number;
  /** Bytes spelled as text, each character one (`latin1`), or a text that is handed on in UTF-8; `between` instructions as they stand. */
  readonly spelled: 'bytes' | 'latin1' | 'utf8' | 'between';
}

/** Bytes that a class hands to its library's native code when it is given its state. */
export interface Handed extends Place {
  readonly model: NativeModel;
  /** The class: "xgboost.core.Booster". */
  readonly owner: string;
}

/** A state whose bytes cannot be told from the stream. */
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

type Named = Pick<GlobalName, 'module' | 'name'>;

export function takesNativeState({ module, name }: Named): boolean {
  return STATES.has(`${module}:${name}`);
}

/**
 * What an instance of a class hands to native code out of its new state. When the machine waits for a text, what is returned means
 * nothing.
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
  if (native.keys === undefined || (native.bare === true && machine.entriesOf(state) === undefined))
    return state.kind === NONE ? [] : [tell(state)];
  const items = machine.entriesOf(state);
  if (items === undefined) return [untold('a state whose members cannot be told')];
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
  if (value.kind === OBJECT) return 'what a call returned';
  return value.kind === STR || value.kind === STR_DUNDER ? 'a text' : 'a value';
}

/** Byte arrays of protocols before 5, and bytes of those before 3, are calls. */
const ARRAYS: ReadonlySet<string> = new Set(['builtins:bytearray', '__builtin__:bytearray']);
const ENCODERS: ReadonlySet<string> = new Set(['_codecs:encode']);

/** Where the bytes lie that a value is made of; of a text, where that is handed on in UTF-8. */
export function placeOf(value: Value, utf8: boolean, machine: PickleState): Place | undefined {
  const text = value.kind === STR || value.kind === STR_DUNDER;
  if (text) return utf8 ? extentOf(value, 'utf8', machine) : undefined;
  if (value.kind === BYTES) return extentOf(value, 'bytes', machine);
  const maker = madeBy(value, machine);
  const call = machine.callOf(value);
  const [first, encoding] = (call === undefined ? undefined : machine.tuple(call.args)) ?? [];
  if (maker === undefined || first === undefined || call?.built === true) return undefined;
  if (ARRAYS.has(maker) && encoding === undefined) return bytesIn(first, machine);
  if (!ARRAYS.has(maker) && !ENCODERS.has(maker)) return undefined;
  return latin1(first, encoding, machine);
}

/** What a byte array is made from. */
function bytesIn(value: Value, machine: PickleState): Place | undefined {
  if (value.kind === BYTES) return extentOf(value, 'bytes', machine);
  const maker = madeBy(value, machine);
  const call = machine.callOf(value);
  const [text, encoding] = (call === undefined ? undefined : machine.tuple(call.args)) ?? [];
  if (maker === undefined || !ENCODERS.has(maker) || text === undefined) return undefined;
  return latin1(text, encoding, machine);
}

function latin1(text: Value, encoding: Value | undefined, machine: PickleState): Place | undefined {
  const name = encoding === undefined ? undefined : machine.text(encoding);
  const known = name === 'latin1' || name === 'latin-1';
  const isText = text.kind === STR || text.kind === STR_DUNDER;
  return known && isText ? extentOf(text, 'latin1', machine) : undefined;
}

function extentOf(value: Value, spelled: Place['spelled'], machine: PickleState): Place | undefined {
  const extent = machine.extent(value);
  if (extent === undefined) return undefined;
  const { start, length } = extent;
  return { spelled, at: machine.fileOffset(value.ref), start: machine.fileOffset(start), length };
}

function madeBy(value: Value, machine: PickleState): string | undefined {
  const call = machine.callOf(value);
  const global = call === undefined ? undefined : machine.global(call.callee);
  return global === undefined ? undefined : `${global.module}:${global.name}`;
}
