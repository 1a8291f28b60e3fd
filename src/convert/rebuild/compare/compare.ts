import type { FileBudget } from '../../../core/index.ts';
import type { ExternalSources, OnnxModel } from '../../../formats/onnx/index.ts';
import type { TensorContent } from '../constants/index.ts';
import { type Lowered, type LoweredValue, liveOf, lower, type Unclear } from '../lower/index.ts';
import { sameShape, type Term, TermTable } from '../terms/index.ts';
import { type GraphDifference, nodeDifferences, reachable } from './differences.ts';
import { bindInputs } from './inputs.ts';
import { hasHalves, readTensors } from './tensors.ts';

/** What is known of a shipped graph, compared with the one that was rebuilt. */
export interface GraphComparison {
  /** `same`: every output is, by proof, the same function of the inputs and the weights; `unclear`: it could not be shown. */
  readonly result: 'same' | 'different' | 'unclear';
  readonly differences: readonly GraphDifference[];
  readonly unclear: readonly Unclear[];
  /** Outputs of the rebuilt graph that the shipped one gives. */
  readonly outputs: readonly string[];
}

export interface CompareOptions {
  readonly budget: FileBudget;
  /** The files of tensors that the shipped graph names. */
  readonly external?: ExternalSources | undefined;
}

/**
 * Brings both graphs to a canonical form, and compares what their outputs are. Neither is run.
 * @throws AssayError `malformed` for a graph that contradicts itself; `limit`, `truncated`
 */
export async function compareGraphs(
  shipped: OnnxModel,
  rebuilt: OnnxModel,
  { budget, external }: CompareOptions,
): Promise<GraphComparison> {
  const [live, own] = [liveOf(shipped), liveOf(rebuilt)];
  const terms = new TermTable(budget, hasHalves(live.tensors));
  const constants = await readTensors(live.tensors, own.tensors, budget, external);
  const inputs = bindInputs(terms, shipped.graph, rebuilt.graph, live.names);
  const expected = lower(rebuilt, own.nodes, { terms, inputs: inputs.rebuilt, constants: constants.rebuilt });
  const found = lower(shipped, live.nodes, { terms, inputs: inputs.shipped, constants: constants.shipped });
  const unclear: Unclear[] = [
    ...expected.unclear.map((one) => ({ ...one, node: `${one.node} of the rebuilt graph` })),
    ...inputs.unclear.map(({ name, why }) => ({ node: name, op: 'input', why, isChoice: false })),
    ...found.unclear,
  ];
  const differences = [...overridden(shipped, live.names), ...constantDifferences(constants.shipped)];
  const matched = matchOutputs(found, expected);
  for (const output of matched.extra) differences.push({ kind: 'extra-output', output });
  let masked = false;
  if (matched.differing.length > 0) {
    const nodes = nodeDifferences(reachable(matched.differing), reachable(termsOf(expected)), found.madeBy);
    differences.push(...nodes.list);
    // All that it is made of is there, and it is another value under this name.
    const inside = reachable(termsOf(expected));
    for (const output of matched.exchanged) {
      const term = found.outputs.get(output)?.term;
      const isKnown = term !== undefined && inside.has(term);
      if (isKnown || (differences.length === 0 && unclear.length === 0))
        differences.push({ kind: 'other-output', output });
    }
    masked = nodes.unclearMask;
  }
  for (const { node, op, isChoice } of found.unclear) if (isChoice) differences.push({ kind: 'choice', node, op });
  if (masked) unclear.push({ node: '', op: 'Softmax', why: 'what its mask hides is not known', isChoice: false });
  const same = matched.differing.length === 0 && matched.extra.length === 0 && matched.same.length > 0;
  const result = same && differences.length === 0 ? 'same' : verdictOf(differences, unclear);
  return { result, differences, unclear, outputs: matched.same };
}

/** Differences that no other way to export a model makes. */
const EVIDENCE: ReadonlySet<GraphDifference['kind']> = new Set([
  'changed-constant',
  'choice',
  'changed-setting',
  'extra-input',
  'other-output',
]);

function verdictOf(differences: readonly GraphDifference[], unclear: readonly Unclear[]): 'different' | 'unclear' {
  if (differences.some(({ kind }) => EVIDENCE.has(kind))) return 'different';
  return unclear.length === 0 && differences.length > 0 ? 'different' : 'unclear';
}

/** Inputs that have a value, and may be given another one: all tensors of old files are such, and a few of a newer one are odd. */
function overridden({ graph, irVersion }: OnnxModel, live: ReadonlySet<string>): GraphDifference[] {
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const used = graph.initializers.filter(({ name }) => live.has(name));
  const listed = used.filter(({ name }) => inputs.has(name));
  if (irVersion < 4 || listed.length === used.length) return [];
  return listed.map(({ name }) => ({ kind: 'extra-input', input: name }));
}

function constantDifferences(
  constants: ReadonlyMap<{ readonly name: string; readonly dims: readonly number[] }, TensorContent>,
) {
  const differences: GraphDifference[] = [];
  for (const [{ name, dims }, constant] of constants) {
    if (constant.kind !== 'other') continue;
    const { near } = constant;
    if (near === undefined) {
      differences.push({ kind: 'unknown-constant', constant: name, dims });
      continue;
    }
    const { count, of, at, most } = near.difference;
    const weight = near.tensor.name;
    differences.push({ kind: 'changed-constant', constant: name, weight, changed: count, of, at, most });
  }
  return differences;
}

interface Matched {
  /** Outputs that are those of the rebuilt graph, by its names. */
  readonly same: readonly string[];
  /** Outputs that have the name of one of the rebuilt graph, and are another value. */
  readonly exchanged: readonly string[];
  /** Outputs that are not values of the rebuilt graph. */
  readonly extra: readonly string[];
  readonly differing: readonly Term[];
}

function matchOutputs(found: Lowered, expected: Lowered): Matched {
  const same: string[] = [];
  const exchanged: string[] = [];
  const extra: string[] = [];
  const differing: Term[] = [];
  const inside = reachable(termsOf(expected));
  for (const [name, value] of found.outputs) {
    const namesake = expected.outputs.get(name);
    if (namesake !== undefined) {
      if (isSame(value, namesake)) same.push(name);
      else {
        exchanged.push(name);
        differing.push(value.term);
      }
      continue;
    }
    const twin = [...expected.outputs].find(([, one]) => isSame(value, one));
    if (twin !== undefined) same.push(twin[0]);
    else if (!isView(value.term, inside)) {
      // Values of the rebuilt graph, as hidden states are, show nothing new.
      extra.push(name);
      differing.push(value.term);
    }
  }
  return { same, exchanged, extra, differing };
}

function isSame(a: LoweredValue, b: LoweredValue): boolean {
  return a.term === b.term && a.shape !== undefined && b.shape !== undefined && sameShape(a.shape, b.shape);
}

const MOVES: ReadonlySet<string> = new Set(['reshape', 'transpose', 'slice', 'expand']);

/** Whether a term is one of others, or their elements in another order. */
function isView(term: Term, others: ReadonlySet<Term>): boolean {
  let inner: Term | undefined = term;
  while (inner !== undefined && !others.has(inner)) inner = MOVES.has(inner.op) ? inner.args[0] : undefined;
  return inner !== undefined;
}

function termsOf({ outputs }: Lowered): Term[] {
  return [...outputs.values()].map(({ term }) => term);
}
