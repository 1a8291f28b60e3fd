/** How a field is encoded: numbers of 32 and 64 bits, floats, text, bytes, or a message of that name. */
export type FieldKind = 'int32' | 'int64' | 'float' | 'double' | 'text' | 'bytes' | { readonly message: MessageName };

export interface FieldShape {
  readonly kind: FieldKind;
  readonly repeated: boolean;
}

export type MessageName = keyof typeof MESSAGES;

/**
 * The messages of onnx.proto of IR version 14, each as its fields: number, a letter for the kind, the message's name behind a
 * colon, and `*` where the field is a list. i: int32, l: int64, f: float, d: double, t: text, b: bytes, m: message.
 */
const MESSAGES = {
  ModelProto:
    '1l 2t 3t 4t 5l 6t 7m:GraphProto 8m:OperatorSetIdProto* 14m:StringStringEntryProto* 20m:TrainingInfoProto* 25m:FunctionProto* 26m:DeviceConfigurationProto*',
  GraphProto:
    '1m:NodeProto* 2t 5m:TensorProto* 10t 11m:ValueInfoProto* 12m:ValueInfoProto* 13m:ValueInfoProto* 14m:TensorAnnotation* 15m:SparseTensorProto* 16m:StringStringEntryProto*',
  NodeProto: '1t* 2t* 3t 4t 5m:AttributeProto* 6t 7t 8t 9m:StringStringEntryProto* 10m:NodeDeviceConfigurationProto*',
  AttributeProto:
    '1t 2f 3l 4b 5m:TensorProto 6m:GraphProto 7f* 8l* 9b* 10m:TensorProto* 11m:GraphProto* 13t 14m:TypeProto 15m:TypeProto* 20i 21t 22m:SparseTensorProto 23m:SparseTensorProto*',
  TensorProto:
    '1l* 2i 3m:Segment 4f* 5i* 6b* 7l* 8t 9b 10d* 11l* 12t 13m:StringStringEntryProto* 14i 16m:StringStringEntryProto*',
  Segment: '1l 2l',
  SparseTensorProto: '1m:TensorProto 2m:TensorProto 3l*',
  FunctionProto:
    '1t 4t* 5t* 6t* 7m:NodeProto* 8t 9m:OperatorSetIdProto* 10t 11m:AttributeProto* 12m:ValueInfoProto* 13t 14m:StringStringEntryProto*',
  TrainingInfoProto: '1m:GraphProto 2m:GraphProto 3m:StringStringEntryProto* 4m:StringStringEntryProto*',
  OperatorSetIdProto: '1t 2l',
  StringStringEntryProto: '1t 2t',
  TensorAnnotation: '1t 2m:StringStringEntryProto*',
  ValueInfoProto: '1t 2m:TypeProto 3t 4m:StringStringEntryProto*',
  TypeProto: '1m:TensorType 4m:ElementType 5m:MapType 6t 7m:OpaqueType 8m:TensorType 9m:ElementType',
  TensorType: '1i 2m:TensorShapeProto',
  ElementType: '1m:TypeProto',
  MapType: '1i 2m:TypeProto',
  OpaqueType: '1t 2t',
  TensorShapeProto: '1m:Dimension*',
  Dimension: '1l 2t 3t',
  DeviceConfigurationProto: '1t 2i 3t*',
  NodeDeviceConfigurationProto: '1t 2m:ShardingSpecProto* 3i',
  ShardingSpecProto: '1t 2l* 3m:IntIntListEntryProto* 4m:ShardedDimProto*',
  IntIntListEntryProto: '1l 2l*',
  ShardedDimProto: '1l 2m:SimpleShardedDimProto*',
  SimpleShardedDimProto: '1l 2t 3l',
} as const;

const KINDS: Readonly<Record<string, Exclude<FieldKind, object>>> = {
  i: 'int32',
  l: 'int64',
  f: 'float',
  d: 'double',
  t: 'text',
  b: 'bytes',
};

function isMessageName(name: string): name is MessageName {
  return Object.hasOwn(MESSAGES, name);
}

function shapeOf(text: string): readonly [number, FieldShape] {
  const [, number = '', letter = '', message = '', star] = /^(\d+)([a-z])(?::(\w+))?(\*)?$/.exec(text) ?? [];
  const kind = isMessageName(message) ? { message } : KINDS[letter];
  if (kind === undefined) throw new Error(`the field ${text} has no kind`);
  return [Number(number), { kind, repeated: star !== undefined }];
}

const SHAPES: ReadonlyMap<MessageName, ReadonlyMap<number, FieldShape>> = new Map(
  Object.entries(MESSAGES).flatMap(([name, fields]) =>
    isMessageName(name) ? [[name, new Map(fields.split(' ').map(shapeOf))] as const] : [],
  ),
);
const NO_FIELDS: ReadonlyMap<number, FieldShape> = new Map();

export function shapesOf(message: MessageName): ReadonlyMap<number, FieldShape> {
  return SHAPES.get(message) ?? NO_FIELDS;
}

/** Whether a parser takes a field of this wire type for its value: it steps over it otherwise, as over an unknown one. */
export function hasWire({ kind, repeated }: FieldShape, wire: number): boolean {
  if (typeof kind === 'object' || kind === 'text' || kind === 'bytes') return wire === 2;
  const own = kind === 'float' ? 5 : kind === 'double' ? 1 : 0;
  return wire === own || (repeated && wire === 2);
}
