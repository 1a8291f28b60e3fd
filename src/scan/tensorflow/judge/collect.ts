import { AssayError, type FileBudget } from '../../../core/index.ts';
import { asciiOf, protoFields, within } from '../../../formats/protobuf/index.ts';
import {
  type EncodingFault,
  type FieldBytes,
  fieldMessage,
  fieldMessages,
  fieldText,
  fieldTexts,
  isMessage,
  type MessageValue,
  type ProtoMessage,
  type TfVisitor,
} from '../../../formats/tensorflow/walk/index.ts';
import { isOperatorAttribute } from '../operators.ts';
import { type GraphScope, type NodeFacts, nodeName, type TensorflowGraph } from './facts.ts';

const NODE_BYTES = 512;
/** Texts that contracts look at, by attribute. */
const LOOKED_AT: ReadonlySet<string> = new Set([
  'output_stream',
  'vocab_file',
  'descriptor_source',
  'config_proto',
  'separator',
]);
const STRING = 7;
/** Collections of nodes that loaders run. */
const RUN_AT_LOAD: ReadonlySet<string> = new Set(['saved_model_main_op', 'legacy_init_op', 'saved_model_train_op']);
const ASSETS = 'saved_model_assets';
const ASSET_TYPE = 'type.googleapis.com/tensorflow.AssetFileDef';
/** The signature whose outputs loaders run. */
const INIT_SIGNATURE = '__saved_model_init_op';

/** Facts about a file that are not in its graphs. */
export interface CollectorSink {
  graph(graph: TensorflowGraph): void;
  fault(fault: EncodingFault): void;
  /** Any message of the file, for what can stand anywhere: constants, functions. */
  message(message: ProtoMessage): void;
  /** Something that is odd about the graph itself. */
  odd(what: string, subject: string, offset: number): void;
  asset(name: string, offset: number): void;
  /** Bytes of a collection, whose meaning its name gives. */
  collected(collection: string, value: MessageValue): void;
  /** The description of a Keras object. */
  keras(metadata: FieldBytes | Uint8Array, offset: number): void;
}

/** Looks at graphs alone. */
export const IGNORED: Omit<CollectorSink, 'graph'> = {
  fault: () => undefined,
  message: () => undefined,
  odd: () => undefined,
  asset: () => undefined,
  collected: () => undefined,
  keras: () => undefined,
};

interface OpenScope {
  name: string;
  arguments: string[];
  readonly nodes: Map<string, NodeFacts>;
  results: string[];
  offset: number;
}

function openScope(): OpenScope {
  return { name: '', arguments: [], nodes: new Map(), results: [], offset: 0 };
}

class OpenGraph {
  readonly main = openScope();
  readonly functions = new Map<string, GraphScope>();
  readonly isMetaGraph: boolean;
  saverPath: string | undefined;
  readonly restore: string[] = [];
  readonly initial: string[] = [];
  readonly signatureInputs = new Set<string>();
  readonly signatureOutputs: string[] = [];
  readonly ownAssets = new Set<string>();
  readonly collectedAssets = new Set<string>();

  /** Loaders look at the collection only where the graph itself lists no assets. */
  get assets(): ReadonlySet<string> {
    return this.ownAssets.size > 0 ? this.ownAssets : this.collectedAssets;
  }

  constructor(isMetaGraph: boolean) {
    this.isMetaGraph = isMetaGraph;
  }
}

/** Collects what is judged of graphs while a file is walked. */
export class TensorflowCollector implements TfVisitor {
  readonly #sink: CollectorSink;
  readonly #budget: FileBudget;
  #graph: OpenGraph | undefined;
  #function: OpenScope | undefined;

  constructor(sink: CollectorSink, budget: FileBudget) {
    this.#sink = sink;
    this.#budget = budget;
  }

  enter(name: string): void {
    if (name === 'MetaGraphDef') this.#graph = new OpenGraph(true);
    else if (name === 'GraphDef') this.#graph ??= new OpenGraph(false);
    else if (name === 'FunctionDef') this.#function = openScope();
  }

  leave(name: string): void {
    const graph = this.#graph;
    if (graph === undefined) return;
    if (name === 'FunctionDef') this.#closeFunction(graph);
    else if (name === 'MetaGraphDef' || (name === 'GraphDef' && !graph.isMetaGraph)) {
      this.#sink.graph(graph);
      this.#graph = undefined;
    }
  }

  fault(fault: EncodingFault): void {
    this.#sink.fault(fault);
  }

  part(holder: string, field: number, part: ProtoMessage): void {
    this.#sink.message(part);
    const graph = this.#graph;
    if (graph === undefined) return;
    const scope = this.#function ?? graph.main;
    if (part.name === 'NodeDef') this.#node(scope, part);
    else if (holder === 'FunctionDef') this.#ofFunction(scope, field, part);
    else if (holder === 'MetaGraphDef') this.#ofMetaGraph(graph, part);
    else if (part.name === 'SavedObject') this.#object(part);
  }

  #node(scope: OpenScope, part: ProtoMessage): void {
    const name = nameOf(part, 1);
    const op = nameOf(part, 2);
    const inputs = namesOf(part, 3);
    const node = { name, op, inputs, ...attributesOf(part), offset: part.start };
    this.#budget.hold(
      NODE_BYTES + 2 * (name.length + op.length + inputs.reduce((sum, one) => sum + one.length + 16, 0)),
    );
    if (scope.nodes.has(name))
      this.#sink.odd(`two nodes have the name ${JSON.stringify(name.slice(0, 80))}`, `node ${name}`, part.start);
    scope.nodes.set(scope.nodes.has(name) ? `${name}\0${part.start}` : name, node);
  }

  #ofFunction(scope: OpenScope, field: number, part: ProtoMessage): void {
    if (field === 1) {
      scope.name = nameOf(part, 1);
      scope.arguments = fieldMessages(part, 2).map((argument) => nameOf(argument, 1));
      scope.offset = part.start;
    } else if (field === 4 || field === 6) scope.results.push(nodeName(nameOf(part, 2)));
  }

  #closeFunction(graph: OpenGraph): void {
    const scope = this.#function;
    this.#function = undefined;
    if (scope === undefined) return;
    if (graph.functions.has(scope.name)) {
      const what = `two functions have the name ${JSON.stringify(scope.name.slice(0, 80))}`;
      this.#sink.odd(what, `function ${scope.name}`, scope.offset);
    }
    graph.functions.set(graph.functions.has(scope.name) ? `${scope.name}\0${scope.offset}` : scope.name, scope);
  }

  #ofMetaGraph(graph: OpenGraph, part: ProtoMessage): void {
    if (part.name === 'SaverDef') {
      graph.saverPath = nodeName(nameOf(part, 1));
      graph.restore.push(nodeName(nameOf(part, 3)));
    } else if (part.name === 'AssetFileDef') {
      graph.ownAssets.add(nodeName(nameOf(fieldMessage(part, 1), 1)));
      this.#sink.asset(nameOf(part, 2), part.start);
    } else if (part.name.endsWith('SignatureDefEntry')) this.#signature(graph, part);
    else if (part.name.endsWith('CollectionDefEntry')) this.#collection(graph, part);
  }

  #signature(graph: OpenGraph, part: ProtoMessage): void {
    const signature = fieldMessage(part, 2);
    if (signature === undefined) return;
    const outputs = tensorNames(signature, 2);
    for (const name of tensorNames(signature, 1)) graph.signatureInputs.add(name);
    if (fieldText(part, 1) === INIT_SIGNATURE) graph.initial.push(...outputs);
    else graph.signatureOutputs.push(...outputs);
  }

  #collection(graph: OpenGraph, part: ProtoMessage): void {
    const key = nameOf(part, 1);
    const value = fieldMessage(part, 2);
    if (value === undefined) return;
    const nodes = fieldMessages(value, 1).flatMap((list) => namesOf(list, 1));
    if (RUN_AT_LOAD.has(key)) graph.initial.push(...nodes.map(nodeName));
    for (const list of fieldMessages(value, 2))
      for (const one of list.fields.get(1) ?? []) this.#sink.collected(key, one);
    for (const any of fieldMessages(value, 5).flatMap((list) => fieldMessages(list, 1))) {
      if (key === ASSETS && fieldText(any, 1) === ASSET_TYPE && this.#collectedAsset(graph, any)) continue;
      this.#sink.odd(
        `the collection ${JSON.stringify(key.slice(0, 80))} holds a message of another kind`,
        `any ${key}`,
        any.start,
      );
    }
  }

  /** An asset as TensorFlow 1 lists it: an AssetFileDef within a collection. */
  #collectedAsset(graph: OpenGraph, any: ProtoMessage): boolean {
    const bytes = any.fields.get(2)?.at(-1);
    const fields = bytes instanceof Uint8Array ? protoFields(bytes, bytes.length) : undefined;
    const [info, file] = fields ?? [];
    const name = info?.number === 1 ? asciiOf(within(info)?.[0]) : undefined;
    const path = file?.number === 2 ? file.bytes : undefined;
    if (fields?.length !== 2 || name === undefined || path === undefined) return false;
    graph.collectedAssets.add(nodeName(name));
    this.#sink.asset(Buffer.from(path).toString('utf8'), any.start);
    return true;
  }

  #object(part: ProtoMessage): void {
    for (const user of fieldMessages(part, 4)) {
      const metadata = user.fields.get(3)?.at(-1);
      if (metadata === undefined || typeof metadata === 'number' || isMessage(metadata)) continue;
      if (fieldText(user, 1)?.startsWith('_tf_keras') === true) this.#sink.keras(metadata, user.start);
    }
  }
}

/** The nodes whose tensors a signature names, in any encoding. */
function tensorNames(signature: ProtoMessage, field: number): string[] {
  const names: string[] = [];
  const add = (info: ProtoMessage) => {
    names.push(nodeName(nameOf(info, 1)));
    for (const sparse of fieldMessages(info, 4))
      for (const part of [1, 2, 3]) names.push(nodeName(nameOf(sparse, part)));
    for (const composite of fieldMessages(info, 5)) for (const part of fieldMessages(composite, 2)) add(part);
  };
  for (const entry of fieldMessages(signature, field)) for (const info of fieldMessages(entry, 2)) add(info);
  return names.filter((name) => name !== '');
}

function attributesOf(node: ProtoMessage): Pick<NodeFacts, 'functions' | 'texts' | 'constant' | 'strange'> {
  const functions: string[] = [];
  const texts = new Map<string, string | undefined>();
  let [constant, strange]: [readonly string[] | undefined, string | undefined] = [undefined, undefined];
  for (const entry of fieldMessages(node, 5)) {
    const key = nameOf(entry, 1);
    if (!isOperatorAttribute(key)) strange ??= key;
    for (const value of fieldMessages(entry, 2)) {
      functions.push(...functionsIn(value));
      if (LOOKED_AT.has(key) && value.fields.has(2)) texts.set(key, latin1Of(value, 2));
      const tensor = fieldMessage(value, 8);
      if (key === 'value' && tensor !== undefined) constant = textsOfTensor(tensor);
    }
  }
  return { functions, texts, constant, strange };
}

/** Functions that a value names, in lists and in the attributes of other functions as well. */
function functionsIn(value: ProtoMessage): string[] {
  const names: string[] = [];
  for (const list of fieldMessages(value, 1))
    for (const one of fieldMessages(list, 9)) names.push(...functionNames(one));
  for (const one of fieldMessages(value, 10)) names.push(...functionNames(one));
  return names;
}

function functionNames(named: ProtoMessage): string[] {
  const inner = fieldMessages(named, 2).flatMap((entry) => fieldMessages(entry, 2).flatMap(functionsIn));
  return [nameOf(named, 1), ...inner];
}

function latin1Of(message: ProtoMessage, field: number): string | undefined {
  const value = message.fields.get(field)?.at(-1);
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : undefined;
}

/** The texts of a constant that has few of them, all at hand. */
function textsOfTensor(tensor: ProtoMessage): readonly string[] | undefined {
  const type = tensor.fields.get(1)?.at(-1);
  const values = tensor.fields.get(8) ?? [];
  // Raw content of texts is a list of lengths, which no writer uses.
  if (type !== STRING || tensor.fields.has(4) || values.length === 0 || values.length > 8) return undefined;
  const texts = values.flatMap((value) => (value instanceof Uint8Array ? [Buffer.from(value).toString('utf8')] : []));
  return texts.length === values.length ? texts : undefined;
}

/** A text that names something. @throws AssayError `limit` for one that is too long to be kept */
function nameOf(message: ProtoMessage | undefined, field: number): string {
  const text = fieldText(message, field);
  if (text === undefined) throw tooLong(message);
  return text;
}

function namesOf(message: ProtoMessage, field: number): readonly string[] {
  const texts = fieldTexts(message, field);
  if (texts === undefined) throw tooLong(message);
  return texts;
}

function tooLong(message: ProtoMessage | undefined): AssayError {
  return new AssayError('limit', `a name in a message ${message?.name ?? ''} is too long`, {
    offset: message?.start ?? 0,
  });
}
