import { AssayError } from '../../../core/index.ts';
import type { TfFunction, TfNode } from '../../../formats/tensorflow/index.ts';
import { dataInputs, functionsByName, nodeQuoted, nodesByName, referenceOf } from '../graph/index.ts';
import type { OpenedModel } from '../model/index.ts';

/** Operations that give a variable another value. */
export function assigns(op: string): boolean {
  return /^(?:Assign|Scatter|ResourceScatter|ResourceApply|ResourceStridedSliceAssign|Apply|StridedSliceAssign|DestroyResource|SparseApply|ResourceSparseApply)/.test(
    op,
  );
}

/** What a node holds that is a variable: its shared name, or its own. */
export function variableName({ name, op, attributes }: TfNode): string | undefined {
  if (op !== 'VarHandleOp' && op !== 'VariableV2' && op !== 'Variable') return undefined;
  const text = (key: string) => {
    const value = attributes.get(key);
    return value?.kind === 'string' ? Buffer.from(value.value).toString('latin1') : '';
  };
  const shared = text('shared_name');
  return `${text('container')}/${shared === '' ? name : shared}`;
}

/**
 * The keys of the saved variables, as the operation that restores them says. All that it runs is looked at: a variable that gets
 * a value from anything else is not one of them.
 * @throws AssayError `malformed` for a variable with two saved values; `unsupported` for one that is restored in parts
 */
export function savedKeys({ graph, restore, initial }: OpenedModel): ReadonlyMap<string, string> {
  const functions = functionsByName(graph.functions);
  const nodes = nodesByName(graph.nodes);
  refuseInitial(nodes, initial);
  const keys = new Map<string, string>();
  if (restore === undefined) return keys;
  const top: Frame = { nodes, argument: () => undefined };
  for (const name of everythingBefore(nodes, [referenceOf(restore).node])) {
    const node = nodes.get(name);
    if (node === undefined) throw new AssayError('malformed', `nothing makes ${nodeQuoted(name)}`);
    collect(node, top, keys);
    const called = calledFunction(node, functions);
    if (called === undefined) continue;
    const inputs = dataInputs(node);
    const inner: Frame = {
      nodes: nodesByName(called.nodes),
      argument: (argument) => {
        const at = called.inputs.indexOf(argument);
        const input = inputs[at];
        return input === undefined ? undefined : variableAt(input, top);
      },
    };
    for (const one of called.nodes) collect(one, inner, keys);
  }
  return keys;
}

interface Frame {
  readonly nodes: ReadonlyMap<string, TfNode>;
  /** The variable that an argument of a function is. */
  argument(name: string): string | undefined;
}

function collect(node: TfNode, frame: Frame, keys: Map<string, string>): void {
  if (node.op !== 'AssignVariableOp' && node.op !== 'Assign') return;
  const [target, value] = dataInputs(node);
  const variable = target === undefined ? undefined : variableAt(target, frame);
  const key = value === undefined ? undefined : restoredKey(value, frame);
  if (variable === undefined || key === undefined) return;
  const known = keys.get(variable);
  if (known !== undefined && known !== key)
    throw new AssayError(
      'malformed',
      `the variable ${nodeQuoted(variable)} is restored twice, with ${nodeQuoted(known)} and ${nodeQuoted(key)}`,
    );
  keys.set(variable, key);
}

function variableAt(input: string, frame: Frame): string | undefined {
  const { node: name } = referenceOf(input);
  const node = frame.nodes.get(name);
  if (node === undefined) return frame.argument(name);
  if (node.op === 'Identity') {
    const [inner] = dataInputs(node);
    return inner === undefined ? undefined : variableAt(inner, frame);
  }
  return variableName(node);
}

/** The key of a value that RestoreV2 reads. */
function restoredKey(input: string, { nodes }: Frame): string | undefined {
  let reference = referenceOf(input);
  let node = nodes.get(reference.node);
  for (let steps = 0; node?.op === 'Identity' && steps < MAX_STEPS; steps++) {
    const [inner] = dataInputs(node);
    if (inner === undefined) return undefined;
    reference = referenceOf(inner);
    node = nodes.get(reference.node);
  }
  if (node?.op !== 'RestoreV2') return undefined;
  const [, names, slices] = dataInputs(node).map((one) => textsOf(nodes.get(referenceOf(one).node)));
  const slice = slices?.[reference.index] ?? slices?.at(-1);
  if (slice !== undefined && slice !== '')
    throw new AssayError('unsupported', `a variable is restored in parts: ${slice.slice(0, 80)}`);
  return names?.[reference.index];
}

const MAX_STEPS = 16;

function textsOf(node: TfNode | undefined): readonly string[] | undefined {
  const value = node?.op === 'Const' ? node.attributes.get('value') : undefined;
  if (value?.kind !== 'tensor' || value.value.data.kind !== 'strings') return undefined;
  return value.value.data.values.map((one) => Buffer.from(one).toString('latin1'));
}

/** All nodes that run before some, by whatever input. */
function everythingBefore(nodes: ReadonlyMap<string, TfNode>, names: readonly string[]): Set<string> {
  const known = new Set<string>();
  const waiting = [...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (known.has(name)) continue;
    known.add(name);
    for (const input of nodes.get(name)?.inputs ?? []) waiting.push(referenceOf(input.replace(/^\^/, '')).node);
  }
  return known;
}

/** @throws AssayError `unsupported` for a model that runs more than nothing once its variables are restored */
function refuseInitial(nodes: ReadonlyMap<string, TfNode>, initial: readonly string[]): void {
  for (const name of everythingBefore(
    nodes,
    initial.map((one) => referenceOf(one).node),
  )) {
    const op = nodes.get(name)?.op ?? '';
    if (op !== 'NoOp')
      throw new AssayError(
        'unsupported',
        `the model runs the operation ${op.slice(0, 80)} (${nodeQuoted(name)}) when it is loaded`,
        {
          hint: 'what it does to variables is not followed: save the model without an operation for its start',
        },
      );
  }
}

export function calledFunction(node: TfNode, functions: ReadonlyMap<string, TfFunction>): TfFunction | undefined {
  if (node.op !== 'PartitionedCall' && node.op !== 'StatefulPartitionedCall') return functions.get(node.op);
  const called = node.attributes.get('f');
  const found = called?.kind === 'function' ? functions.get(called.name) : undefined;
  if (found === undefined)
    throw new AssayError('malformed', `${nodeQuoted(node.name)} calls a function that does not exist`);
  return found;
}
