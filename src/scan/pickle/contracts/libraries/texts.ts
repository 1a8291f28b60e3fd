import { FIRST_COMPOSITE, LIST, NONE, type Value } from '../../../../formats/pickle/index.ts';
import { type Contract, type ContractContext, textAt, unexpected } from '../contract.ts';

/** `Variable(text)` of formulaic is a text with attributes; it would convert any other argument to text. */
const variable: Contract = (args, context) => {
  const text = textAt(args, 0, context);
  return (args.length === 1 && text !== undefined) || context.state.waits
    ? undefined
    : unexpected('its argument is not text');
};

/** A matrix of formulaic is a proxy of its table, so the table must be one that the stream itself makes. */
const TABLE =
  /^(?:pandas\.core\.frame:DataFrame|pandas:DataFrame|numpy\._?core\.multiarray:_reconstruct|numpy\._?core\.numeric:_frombuffer|joblib\.numpy_pickle:NumpyArrayWrapper|scipy\.sparse\.\w+:cs[cr]_(?:matrix|array))$/;
const SPEC = /^formulaic\.model_spec:ModelSpecs?$/;

const matrix: Contract = ([table, spec, ...more], context) =>
  more.length === 0 && isMade(table, TABLE, context) && (spec?.kind === NONE || isMade(spec, SPEC, context))
    ? undefined
    : unexpected('its arguments are not a table and its specification');

function isMade(of: Value | undefined, by: RegExp, context: ContractContext): boolean {
  const maker = of === undefined ? undefined : context.madeBy(of);
  return maker !== undefined && by.test(`${maker.module}:${maker.name}`);
}

/** `StringStore(texts)` of spaCy iterates over its argument. */
const store: Contract = (args) =>
  args.length === 0 || (args.length === 1 && (args[0]?.kind === LIST || args[0]?.kind === NONE))
    ? undefined
    : unexpected('its argument is not a list');

/** Parts of the tokenizers library are created with defaults, and configured by their state. */
const part: Contract = (args, { state }) => {
  const plain = args.flatMap((arg) => state.tuple(arg) ?? [arg]);
  return plain.every((arg) => arg.kind < FIRST_COMPOSITE || (arg.kind === LIST && state.lengthOf(arg) === 0))
    ? undefined
    : unexpected('its arguments are not all numbers and text');
};

const PARTS = [
  ...[
    'BertNormalizer',
    'NFC',
    'NFD',
    'NFKC',
    'NFKD',
    'Lowercase',
    'Strip',
    'StripAccents',
    'Nmt',
    'Prepend',
    'ByteLevel',
    'Sequence',
  ].map((name) => `tokenizers.normalizers:${name}`),
  ...[
    ...[
      'BertPreTokenizer',
      'ByteLevel',
      'CharDelimiterSplit',
      'Metaspace',
      'Whitespace',
      'WhitespaceSplit',
      'Punctuation',
    ],
    ...['Digits', 'UnicodeScripts', 'FixedLength', 'Sequence'],
  ].map((name) => `tokenizers.pre_tokenizers:${name}`),
  ...['BertProcessing', 'ByteLevel', 'RobertaProcessing', 'Sequence', 'TemplateProcessing'].map(
    (name) => `tokenizers.processors:${name}`,
  ),
  ...['ByteLevel', 'Metaspace', 'WordPiece', 'BPEDecoder', 'CTC', 'Fuse', 'Strip', 'ByteFallback', 'Sequence'].map(
    (name) => `tokenizers.decoders:${name}`,
  ),
];

export const TEXT_CALLS: readonly (readonly [string, Contract])[] = [
  ['formulaic.utils.variables:Variable', variable],
  ['formulaic.model_matrix:ModelMatrix', matrix],
  ['spacy.strings:StringStore', store],
  ...PARTS.map((name) => [name, part] as const),
];
