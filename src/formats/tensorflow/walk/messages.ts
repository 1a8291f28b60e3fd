/**
 * The messages of a SavedModel and of what stands beside it, as core/protobuf and core/framework of TensorFlow 2.21 declare them. A
 * field is its number and its kind: `v` a varint, `f` and `d` numbers of 32 and 64 bits, `s` a text, `b` bytes, or a message. `*` is a field
 * that repeats, `|` one of several of which a message has one.
 */
const DECLARED: Readonly<Record<string, string>> = {
  Any: '1:s 2:b',
  AssetFileDef: '1:TensorInfo 2:s',
  AttrValue: '1:AttrValue.ListValue| 2:b| 3:v| 4:f| 5:v| 6:v| 7:TensorShapeProto| 8:TensorProto| 9:s| 10:NameAttrList|',
  'AttrValue.ListValue': '2:b* 3:v* 4:f* 5:v* 6:v* 7:TensorShapeProto* 8:TensorProto* 9:NameAttrList*',
  BoundedTensorSpecProto: '1:s 2:TensorShapeProto 3:v 4:TensorProto 5:TensorProto',
  CapturedTensor: '1:s 2:s',
  CollectionDef:
    '1:CollectionDef.NodeList| 2:CollectionDef.BytesList| 3:CollectionDef.Int64List| 4:CollectionDef.FloatList| 5:CollectionDef.AnyList|',
  'CollectionDef.AnyList': '1:Any*',
  'CollectionDef.BytesList': '1:b*',
  'CollectionDef.FloatList': '1:f*',
  'CollectionDef.Int64List': '1:v*',
  'CollectionDef.NodeList': '1:s*',
  DictValue: '1:DictValue.FieldsEntry*',
  'DictValue.FieldsEntry': '1:s 2:StructuredValue',
  FingerprintDef: '1:v 2:v 3:v 4:v 5:v 6:VersionDef 7:s',
  FullTypeDef: '1:v 2:FullTypeDef* 3:s| 4:v|',
  FunctionDef:
    '1:OpDef 3:NodeDef* 4:FunctionDef.RetEntry* 5:FunctionDef.AttrEntry* 6:FunctionDef.ControlRetEntry* 7:FunctionDef.ArgAttrEntry* 8:FunctionDef.ResourceArgUniqueIdEntry*',
  'FunctionDef.ArgAttrEntry': '1:v 2:FunctionDef.ArgAttrs',
  'FunctionDef.ArgAttrs': '1:FunctionDef.ArgAttrs.AttrEntry*',
  'FunctionDef.ArgAttrs.AttrEntry': '1:s 2:AttrValue',
  'FunctionDef.AttrEntry': '1:s 2:AttrValue',
  'FunctionDef.ControlRetEntry': '1:s 2:s',
  'FunctionDef.ResourceArgUniqueIdEntry': '1:v 2:v',
  'FunctionDef.RetEntry': '1:s 2:s',
  FunctionDefLibrary: '1:FunctionDef* 2:GradientDef* 3:RegisteredGradient*',
  FunctionSpec: '1:StructuredValue 2:v 5:StructuredValue 6:v',
  GradientDef: '1:s 2:s',
  GraphDebugInfo:
    '1:s* 2:GraphDebugInfo.TracesEntry* 4:GraphDebugInfo.FramesByIdEntry* 5:GraphDebugInfo.NameToTraceIdEntry* 6:GraphDebugInfo.TracesByIdEntry*',
  'GraphDebugInfo.FileLineCol': '1:v 2:v 3:v 4:s 5:s',
  'GraphDebugInfo.FramesByIdEntry': '1:d 2:GraphDebugInfo.FileLineCol',
  'GraphDebugInfo.NameToTraceIdEntry': '1:s 2:d',
  'GraphDebugInfo.StackTrace': '1:GraphDebugInfo.FileLineCol* 2:d*',
  'GraphDebugInfo.TracesByIdEntry': '1:d 2:GraphDebugInfo.StackTrace',
  'GraphDebugInfo.TracesEntry': '1:s 2:GraphDebugInfo.StackTrace',
  GraphDef: '1:NodeDef* 2:FunctionDefLibrary 3:v 4:VersionDef 5:GraphDebugInfo',
  ListValue: '1:StructuredValue*',
  MetaGraphDef:
    '1:MetaGraphDef.MetaInfoDef 2:GraphDef 3:SaverDef 4:MetaGraphDef.CollectionDefEntry* 5:MetaGraphDef.SignatureDefEntry* 6:AssetFileDef* 7:SavedObjectGraph',
  'MetaGraphDef.CollectionDefEntry': '1:s 2:CollectionDef',
  'MetaGraphDef.MetaInfoDef': '1:s 2:OpList 3:Any 4:s* 5:s 6:s 7:v 8:MetaGraphDef.MetaInfoDef.FunctionAliasesEntry*',
  'MetaGraphDef.MetaInfoDef.FunctionAliasesEntry': '1:s 2:s',
  'MetaGraphDef.SignatureDefEntry': '1:s 2:SignatureDef',
  NameAttrList: '1:s 2:NameAttrList.AttrEntry*',
  'NameAttrList.AttrEntry': '1:s 2:AttrValue',
  NamedTupleValue: '1:s 2:PairValue*',
  NodeDef: '1:s 2:s 3:s* 4:s 5:NodeDef.AttrEntry* 6:NodeDef.ExperimentalDebugInfo 7:FullTypeDef',
  'NodeDef.AttrEntry': '1:s 2:AttrValue',
  'NodeDef.ExperimentalDebugInfo': '1:s* 2:s*',
  NoneValue: '',
  OpDef: '1:s 2:OpDef.ArgDef* 3:OpDef.ArgDef* 4:OpDef.AttrDef* 5:s 6:s 8:OpDeprecation 16:v 17:v 18:v 19:v 20:s* 21:v',
  'OpDef.ArgDef': '1:s 2:s 3:v 4:s 5:s 6:s 7:ResourceHandleProto.DtypeAndShape* 16:v 17:FullTypeDef',
  'OpDef.AttrDef': '1:s 2:s 3:AttrValue 4:s 5:v 6:v 7:AttrValue',
  OpDeprecation: '1:v 2:s',
  OpList: '1:OpDef*',
  PairValue: '1:s 2:StructuredValue',
  RegisteredGradient: '1:s 2:s',
  RegisteredSaver: '1:s 2:s',
  ResourceHandleProto: '1:s 2:s 3:s 4:v 5:s 6:ResourceHandleProto.DtypeAndShape*',
  'ResourceHandleProto.DtypeAndShape': '1:v 2:TensorShapeProto',
  SaveableObject: '2:v 3:v',
  SavedAsset: '1:v',
  SavedBareConcreteFunction: '1:s 2:s* 3:v 4:FunctionSpec',
  SavedConcreteFunction: '2:v* 3:StructuredValue 4:StructuredValue',
  SavedConstant: '1:s',
  SavedFunction: '1:s* 2:FunctionSpec',
  SavedModel: '1:v 2:MetaGraphDef*',
  SavedObject:
    '1:TrackableObjectGraph.TrackableObject.ObjectReference* 3:TrackableObjectGraph.TrackableObject.SlotVariableReference* 4:SavedUserObject| 5:SavedAsset| 6:SavedFunction| 7:SavedVariable| 8:SavedBareConcreteFunction| 9:SavedConstant| 10:SavedResource| 11:SavedObject.SaveableObjectsEntry* 12:CapturedTensor| 13:s 14:Any 15:TrackableObjectGraph.TrackableObject.ObjectReference* 16:s',
  'SavedObject.SaveableObjectsEntry': '1:s 2:SaveableObject',
  SavedObjectGraph: '1:SavedObject* 2:SavedObjectGraph.ConcreteFunctionsEntry*',
  'SavedObjectGraph.ConcreteFunctionsEntry': '1:s 2:SavedConcreteFunction',
  SavedResource: '1:s',
  SavedUserObject: '1:s 2:VersionDef 3:s',
  SavedVariable: '1:v 2:TensorShapeProto 3:v 4:v 5:v 6:s 7:s 8:SavedVariable*',
  SaverDef: '1:s 2:s 3:s 4:v 5:v 6:f 7:v',
  SignatureDef: '1:SignatureDef.InputsEntry* 2:SignatureDef.OutputsEntry* 3:s 4:SignatureDef.DefaultsEntry*',
  'SignatureDef.DefaultsEntry': '1:s 2:TensorProto',
  'SignatureDef.InputsEntry': '1:s 2:TensorInfo',
  'SignatureDef.OutputsEntry': '1:s 2:TensorInfo',
  StructuredValue:
    '1:NoneValue| 11:d| 12:v| 13:s| 14:v| 31:TensorShapeProto| 32:v| 33:TensorSpecProto| 34:TypeSpecProto| 35:BoundedTensorSpecProto| 51:ListValue| 52:TupleValue| 53:DictValue| 54:NamedTupleValue| 55:TensorProto| 56:TensorProto|',
  TensorInfo: '1:s| 2:v 3:TensorShapeProto 4:TensorInfo.CooSparse| 5:TensorInfo.CompositeTensor|',
  'TensorInfo.CompositeTensor': '1:TypeSpecProto 2:TensorInfo*',
  'TensorInfo.CooSparse': '1:s 2:s 3:s',
  TensorProto:
    '1:v 2:TensorShapeProto 3:v 4:b 5:f* 6:d* 7:v* 8:b* 9:f* 10:v* 11:v* 12:d* 13:v* 14:ResourceHandleProto* 15:VariantTensorDataProto* 16:v* 17:v* 18:b',
  TensorShapeProto: '2:TensorShapeProto.Dim* 3:v',
  'TensorShapeProto.Dim': '1:v 2:s',
  TensorSpecProto: '1:s 2:TensorShapeProto 3:v',
  TrackableObjectGraph: '1:TrackableObjectGraph.TrackableObject*',
  'TrackableObjectGraph.TrackableObject':
    '1:TrackableObjectGraph.TrackableObject.ObjectReference* 2:TrackableObjectGraph.TrackableObject.SerializedTensor* 3:TrackableObjectGraph.TrackableObject.SlotVariableReference* 4:RegisteredSaver 5:google.protobuf.BoolValue',
  'TrackableObjectGraph.TrackableObject.ObjectReference': '1:v 2:s',
  'TrackableObjectGraph.TrackableObject.SerializedTensor': '1:s 2:s 3:s',
  'TrackableObjectGraph.TrackableObject.SlotVariableReference': '1:v 2:s 3:v',
  TupleValue: '1:StructuredValue*',
  TypeSpecProto: '1:v 2:StructuredValue 3:s 4:v',
  VariantTensorDataProto: '1:s 2:b 3:TensorProto*',
  VersionDef: '1:v 2:v 3:v*',
  'google.protobuf.BoolValue': '1:v',
};

export interface MessageField {
  /** A letter for a plain value, or the name of a message. */
  readonly kind: string;
  readonly repeated: boolean;
  readonly oneOf: boolean;
}

const known = new Map<string, ReadonlyMap<number, MessageField>>();

/** The fields of a message by their numbers; without any for a message that is not declared. */
export function messageFields(name: string): ReadonlyMap<number, MessageField> {
  const found = known.get(name);
  if (found !== undefined) return found;
  const fields = new Map<number, MessageField>();
  for (const word of (DECLARED[name] ?? '').split(' ')) {
    const [, number, kind, repeated, oneOf] = /^(\d+):([\w.]+)(\*?)(\|?)$/.exec(word) ?? [];
    if (number !== undefined && kind !== undefined)
      fields.set(Number(number), { kind, repeated: repeated === '*', oneOf: oneOf === '|' });
  }
  known.set(name, fields);
  return fields;
}
