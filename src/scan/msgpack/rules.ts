import { type Rule, SUPPLY_CHAIN, structureRule } from '../scanner/index.ts';

export const MSGPACK_RULES = {
  extension: {
    id: 'msgpack.unlisted-extension',
    title: 'A MessagePack file has a value of a type that a program must know',
    severity: 'medium',
    verdict: 'suspicious',
    explanation:
      'MessagePack leaves the meaning of extension types to the program. Flax has three of them: arrays, complex numbers and scalars. Of any other type, a program makes an object in a way of its own; some unpickle its bytes.',
    remedy: 'Ask the author which library wrote the file. Ask for the weights as safetensors.',
    owasp: SUPPLY_CHAIN.owasp,
    atlas: SUPPLY_CHAIN.atlas,
    cwe: ['CWE-502'],
  },
  array: structureRule(
    'msgpack.array',
    'An array of a MessagePack file contradicts itself',
    'The shape and the type of an array need another number of bytes than it has, the type is not one of numbers, or parts of an array do not fit together. Flax makes the array from the bytes without looking at them.',
  ),
  hidden: {
    ...structureRule(
      'msgpack.hidden-content',
      'Bytes of a MessagePack file are of a format that can carry code',
      'A binary value is a pickle, an archive or a program. Some libraries (msgpack-numpy) unpickle such values. Assay scans it.',
    ),
    cwe: ['CWE-502', 'CWE-506'],
  },
  structure: structureRule(
    'msgpack.structure',
    'A MessagePack file contradicts itself',
    'A length is larger than the file, a key stands twice in a map, a text is not UTF-8, or bytes follow the value. Readers differ on what they make of it.',
  ),
} as const satisfies Record<string, Rule>;
