import type { SourceRange } from '../../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../../core/index.ts';
import type { CheckpointObject, ObjectChild, SavedObject, TfNode } from '../../../formats/tensorflow/index.ts';
import type { TensorReadOptions } from '../../tensors/index.ts';
import { dataInputs, nodeQuoted, nodesByName, referenceOf } from '../graph/index.ts';
import type { LoadedObjects, OpenedModel } from '../model/index.ts';
import { savedKeys, variableName } from './variables.ts';

/**
 * Compares the two ways in which a SavedModel is loaded. TensorFlow's C++ loader runs the call in the graph, with variables that the
 * restoring operation fills; that of Python (tensorflow/python/saved_model/load.py) calls the function that an object names, with
 * objects that the checkpoint fills by their names. Both have to run one function, with the same saved values.
 * @returns the keys of the saved values of variables, by the names of variables: those of the graph, and of variables that only
 * Python restores, without which the graph does not run
 * @throws AssayError `malformed` where they differ; `unsupported` for what only one of them does
 */
export async function variableKeys(
  model: OpenedModel,
  options: TensorReadOptions,
): Promise<ReadonlyMap<string, string>> {
  const keys = savedKeys(model);
  if (model.objects === undefined) return keys;
  const { saved } = model.objects;
  for (const [at, node] of saved.nodes.entries()) refuseCode(node, at);
  const called = calledSignature(model);
  const name = signatureFunction(model.objects);
  if (name !== called.name)
    throw differs(`the signature calls ${nodeQuoted(called.name)} in the graph, and ${nodeQuoted(name)} as an object`);
  const bound = saved.bound.get(name) ?? [];
  if (bound.length !== called.captured.length)
    throw differs(
      `${nodeQuoted(name)} takes ${called.captured.length} values in the graph, and ${bound.length} objects`,
    );
  const checkpoint = new Checkpoint(model.objects);
  const nodes = nodesByName(model.graph.nodes);
  const all = new Map(keys);
  for (const [index, input] of called.captured.entries()) {
    const at = bound[index] ?? -1;
    const variable = variableOf(nodes.get(referenceOf(input).node), at, saved.nodes);
    if (variable === undefined) continue;
    const key = checkpoint.keyOf(at);
    await compare(model, { variable, inGraph: all.get(variable), asObject: key }, options);
    all.set(variable, all.get(variable) ?? key);
  }
  return all;
}

/** The variable that a value is which the function takes, as a node of the graph and as an object; undefined for a constant. */
function variableOf(node: TfNode | undefined, at: number, saved: readonly SavedObject[]): string | undefined {
  const kind = saved[at]?.kind;
  if (node === undefined || kind === undefined) throw differs(`the object ${at}, or its operation, does not exist`);
  if (kind.is === 'constant') {
    if (node.op === 'Const' && node.name === kind.operation) return undefined;
    throw differs(
      `a constant is ${nodeQuoted(node.name)} in the graph, and ${nodeQuoted(kind.operation)} as an object`,
    );
  }
  const variable = variableName(node);
  if (kind.is === 'variable' && variable !== undefined) return variable;
  throw new AssayError('unsupported', `the model hands its function ${nodeQuoted(node.name)}, which is not a variable`);
}

interface Restored {
  readonly variable: string;
  readonly inGraph: string | undefined;
  readonly asObject: string;
}

/** Keras saves a variable under several keys, with the same elements. */
async function compare(
  model: OpenedModel,
  { variable, inGraph, asObject }: Restored,
  { budget }: TensorReadOptions,
): Promise<void> {
  if (inGraph === undefined || inGraph === asObject) return;
  const [one, other] = [model.variable(inGraph), model.variable(asObject)];
  const isAlike = one.type === other.type && one.dims.join() === other.dims.join();
  if (isAlike && (await areEqual(one.range, other.range, budget))) return;
  const keys = `${nodeQuoted(inGraph)} in the graph, and from ${nodeQuoted(asObject)} as an object`;
  throw differs(`the variable ${nodeQuoted(variable)} is restored from ${keys}`);
}

const PIECE = 1024 * 1024;

async function areEqual(one: SourceRange, other: SourceRange, budget: FileBudget): Promise<boolean> {
  if (one.length !== other.length) return false;
  budget.work(one.length);
  for (let at = 0; at < one.length; at += PIECE) {
    const length = Math.min(PIECE, one.length - at);
    const [a, b] = await Promise.all([one, other].map(({ source, offset }) => source.read(offset + at, length)));
    if (a === undefined || b === undefined || Buffer.compare(a, b) !== 0) return false;
  }
  return true;
}

/** What runs functions of its own when Python loads the model: they can change variables. */
function refuseCode({ kind, restoresItself }: SavedObject, at: number): void {
  if (kind.is !== 'resource' && !restoresItself) return;
  throw new AssayError('unsupported', `the object ${at} of the model is made or restored by functions of its own`, {
    hint: 'save the model without tables and iterators: with a signature that takes and gives numbers alone',
  });
}

/** The function that the graph calls for the signature, and what it takes behind the inputs. */
function calledSignature({ graph, signature }: OpenedModel): {
  readonly name: string;
  readonly captured: readonly string[];
} {
  const nodes = nodesByName(graph.nodes);
  const outputs = sorted(signature.outputs);
  const [call] = outputs.map(({ tensor }) => nodes.get(referenceOf(tensor).node));
  const called = call?.attributes.get('f');
  const isCall = call?.op === 'PartitionedCall' || call?.op === 'StatefulPartitionedCall';
  if (!isCall || called?.kind !== 'function')
    throw new AssayError('unsupported', 'the signature is not a call of one function, as which Python loads it');
  const inputs = dataInputs(call);
  const given = sorted(signature.inputs);
  // Python hands a function its arguments in the order of their names, and names its results in that order.
  const inOrder = given.every(({ tensor }, index) => isSame(tensor, inputs[index], 0));
  const outOfOrder = outputs.findIndex(({ tensor }, index) => !isSame(tensor, call.name, index));
  if (!inOrder || outOfOrder >= 0)
    throw differs('the signature takes or gives values in another order than that of their names');
  return { name: called.name, captured: inputs.slice(given.length) };
}

function isSame(tensor: string, node: string | undefined, index: number): boolean {
  if (node === undefined) return false;
  const [given, own] = [referenceOf(tensor), referenceOf(node)];
  return given.node === own.node && given.index === index && own.index === 0;
}

/** By names, as Python sorts texts: by their characters, not by UTF-16. */
function sorted<T>(ports: ReadonlyMap<string, T>): T[] {
  const order = ([a]: readonly [string, T], [b]: readonly [string, T]) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b));
  return [...ports].sort(order).map(([, port]) => port);
}

/** The function that Python calls for the signature: an object that the root holds. */
function signatureFunction({ saved: { nodes }, signature }: LoadedObjects): string {
  const held = childNamed(nodes[0]?.children ?? [], 'signatures');
  const at = held === undefined ? undefined : childNamed(nodes[held]?.children ?? [], signature);
  const kind = at === undefined ? undefined : nodes[at]?.kind;
  if (kind?.is === 'function') return kind.name;
  throw new AssayError('unsupported', `the signature ${nodeQuoted(signature)} is not a function among the objects`);
}

function childNamed(children: readonly ObjectChild[], name: string): number | undefined {
  const found = children.filter((one) => one.name === name);
  if (found.length > 1) throw differs(`an object holds two that are named ${nodeQuoted(name)}`);
  return found[0]?.node;
}

/** The keys of the checkpoint for objects: both have a root, and whatever is held by the same names is the same. */
class Checkpoint {
  readonly #checkpoint: readonly CheckpointObject[];
  readonly #slots: ReadonlySet<number>;
  readonly #same = new Map<number, number>([[0, 0]]);

  constructor({ saved: { nodes }, checkpoint }: LoadedObjects) {
    this.#checkpoint = checkpoint;
    this.#slots = new Set(nodes.flatMap(({ slots }) => slots));
    const waiting = [0];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      const names = new Map((nodes[at]?.children ?? []).map(({ name, node }) => [name, node]));
      if (names.size !== (nodes[at]?.children.length ?? 0)) throw differs(`the object ${at} holds two of one name`);
      const seen = new Set<string>();
      for (const { name, node } of checkpoint[this.#same.get(at) ?? -1]?.children ?? []) {
        if (seen.has(name)) throw differs(`the checkpoint has two objects ${nodeQuoted(name)} in one`);
        seen.add(name);
        const own = names.get(name);
        if (own !== undefined && this.#join(own, node)) waiting.push(own);
      }
    }
  }

  /** @returns whether the object was not known before */
  #join(own: number, node: number): boolean {
    const known = this.#same.get(own);
    if (known === undefined) this.#same.set(own, node);
    else if (known !== node) throw differs(`the object ${own} is two objects of the checkpoint, ${known} and ${node}`);
    return known === undefined;
  }

  /** The key of the value that a variable is restored from. */
  keyOf(at: number): string {
    if (this.#slots.has(at)) throw new AssayError('unsupported', `the object ${at} belongs to an optimizer`);
    if (this.#checkpoint.length === 0)
      throw new AssayError('unsupported', 'what Python restores variables by is not in the folder "variables"', {
        hint: 'give the whole folder of the model',
      });
    const object = this.#checkpoint[this.#same.get(at) ?? -1];
    if (object?.restoresItself === true)
      throw new AssayError('unsupported', `the object ${at} is restored by functions of its own`);
    const keys = (object?.keys ?? []).filter(([name]) => name === 'VARIABLE_VALUE');
    const [only, ...others] = keys;
    if (only === undefined || others.length > 0)
      throw differs(`the variable that is the object ${at} has ${keys.length} saved values for Python`);
    return only[1];
  }
}

function differs(how: string): AssayError {
  return new AssayError('malformed', `the model is not the same for all loaders of TensorFlow: ${how}`, {
    hint: 'save the model again with tf.saved_model.save, or model.export(folder)',
  });
}
