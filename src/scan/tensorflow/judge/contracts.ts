import type { FileBudget } from '../../../core/index.ts';
import { escapes, printableName } from '../../../formats/index.ts';
import { type ProtoField, protoFields } from '../../../formats/protobuf/index.ts';
import { type GraphScope, type NodeFacts, nodePlace, type TensorflowGraph, tensorInputs } from './facts.ts';
import { type Origin, Origins } from './origins.ts';

/** A contract that an operator breaks. `outside`: with a path that the graph fixes, and that leads out of the folder. */
export interface BrokenContract {
  readonly outside: boolean;
  readonly op: string;
  readonly what: string;
  readonly evidence: string;
  readonly offset: number;
}

type PathUse = 'variables' | 'asset';

/** Operators that are given paths: what the path is for, and which inputs it is. */
const PATHS: ReadonlyMap<string, { readonly use: PathUse; readonly inputs: readonly number[] }> = new Map([
  ['RestoreV2', { use: 'variables', inputs: [0] }],
  ['Restore', { use: 'variables', inputs: [0] }],
  ['RestoreSlice', { use: 'variables', inputs: [0] }],
  ['SaveV2', { use: 'variables', inputs: [0] }],
  ['Save', { use: 'variables', inputs: [0] }],
  ['SaveSlices', { use: 'variables', inputs: [0] }],
  ['MergeV2Checkpoints', { use: 'variables', inputs: [0, 1] }],
  ['InitializeTableFromTextFile', { use: 'asset', inputs: [1] }],
  ['InitializeTableFromTextFileV2', { use: 'asset', inputs: [1] }],
]);
/** Operators that call a function with their own inputs, in order. */
const CALLS: ReadonlySet<string> = new Set(['PartitionedCall', 'StatefulPartitionedCall']);
/** How savers of TensorFlow name the node that is fed the path. */
const SAVER_PATH = /^(?:[\w./-]+\/)?(?:save(?:_\d+)?\/(?:Const|filename)|saver_filename)$/;
/** The path that savers of TensorFlow 1 have where nothing is fed, and what they append to it. */
const SAVER_DEFAULT = /^model(?:\.part|_temp(?:_[0-9a-f]{32})?\/part)?$/;
const STREAMS: ReadonlySet<string> = new Set(['stderr', 'stdout', 'log(info)', 'log(warning)', 'log(error)']);
const MAX_DEMANDS = 10_000;
const DEMAND_WORK = 256;

/** Holds all operators that reach files against their contracts. */
export function breachesOf(graph: TensorflowGraph, budget: FileBudget): readonly BrokenContract[] {
  const breaches: BrokenContract[] = [];
  const paths = new PathCheck(graph, budget, breaches);
  for (const scope of [graph.main, ...graph.functions.values()]) {
    for (const node of scope.nodes.values()) {
      if (graph.functions.has(node.op)) continue;
      const path = PATHS.get(node.op);
      if (path !== undefined) paths.check(scope, node, path.use, path.inputs);
      const option = optionBreach(scope, node);
      if (option !== undefined) breaches.push(option);
    }
  }
  paths.checkCallers();
  return breaches;
}

interface Demand {
  readonly scope: GraphScope;
  readonly index: number;
  readonly use: PathUse;
  readonly op: string;
}

class PathCheck {
  readonly #graph: TensorflowGraph;
  readonly #budget: FileBudget;
  readonly #origins: Origins;
  readonly #breaches: BrokenContract[];
  /** Arguments of functions that are paths. */
  readonly #demands = new Map<string, Demand>();

  constructor(graph: TensorflowGraph, budget: FileBudget, breaches: BrokenContract[]) {
    this.#graph = graph;
    this.#budget = budget;
    this.#origins = new Origins(graph, budget);
    this.#breaches = breaches;
  }

  check(scope: GraphScope, node: NodeFacts, use: PathUse, inputs: readonly number[]): void {
    const given = tensorInputs(node);
    // TensorFlow refuses a graph with a node that lacks its inputs.
    if (given.length === 0) return;
    for (const index of inputs) this.#input(scope, node, given[index], use, node.op);
  }

  /** Goes on with the callers of functions whose arguments are paths. */
  checkCallers(): void {
    if (this.#demands.size === 0) return;
    const callers = this.#callers();
    // Those that callers add come later in the same loop.
    for (const demand of this.#demands.values()) {
      const { scope, index, use, op } = demand;
      const found = callers.get(scope.name) ?? [];
      if (found.length === 0) {
        const place = `the function ${JSON.stringify(scope.name.slice(0, 80))}`;
        this.#add(op, `${op} in ${place} takes its path from the caller, and no node calls the function`, '', 0, false);
      }
      for (const { from, node } of found) {
        const direct = node.op === scope.name || (CALLS.has(node.op) && !this.#graph.functions.has(node.op));
        this.#input(from, node, direct ? tensorInputs(node)[index] : undefined, use, op);
      }
    }
  }

  #callers(): ReadonlyMap<string, readonly { readonly from: GraphScope; readonly node: NodeFacts }[]> {
    const callers = new Map<string, { readonly from: GraphScope; readonly node: NodeFacts }[]>();
    for (const from of [this.#graph.main, ...this.#graph.functions.values()]) {
      for (const node of from.nodes.values()) {
        for (const name of new Set([node.op, ...node.functions])) {
          if (!this.#graph.functions.has(name)) continue;
          const list = callers.get(name) ?? [];
          list.push({ from, node });
          callers.set(name, list);
        }
      }
    }
    return callers;
  }

  #input(scope: GraphScope, node: NodeFacts, input: string | undefined, use: PathUse, op: string): void {
    this.#budget.work(DEMAND_WORK);
    const origins: readonly Origin[] =
      input === undefined ? [{ kind: 'computed', by: node.op }] : this.#origins.of(scope, input);
    for (const origin of origins) this.#origin(scope, node, origin, use, op);
  }

  #origin(scope: GraphScope, node: NodeFacts, origin: Origin, use: PathUse, op: string): void {
    const place = nodePlace(scope, node);
    if (origin.kind === 'argument') {
      const key = `${origin.index} ${use} ${op} ${scope.name}`;
      if (this.#demands.size < MAX_DEMANDS)
        this.#demands.set(key, this.#demands.get(key) ?? { scope, index: origin.index, use, op });
      else this.#add(op, `${op} in ${place} takes its path through too many functions`, '', node.offset, false);
    } else if (origin.kind === 'computed') {
      this.#add(
        op,
        `${op} in ${place} has a path that ${printableName(origin.by)} computes`,
        origin.by,
        node.offset,
        false,
      );
    } else if (origin.kind === 'constant') {
      if (use === 'variables' && SAVER_DEFAULT.test(origin.text)) return;
      const outside = leadsOutside(origin.text);
      const shown = JSON.stringify(printableName(origin.text));
      const verb = outside ? 'has a path that leads out of the model' : 'has a path that the graph fixes';
      this.#add(op, `${op} in ${place} ${verb}: ${shown}`, origin.text, node.offset, outside);
    } else if (!this.#isFedByLoader(origin.node, use)) {
      const shown = JSON.stringify(origin.node.slice(0, 80));
      this.#add(op, `${op} in ${place} has the path that callers feed to ${shown}`, origin.node, node.offset, false);
    }
  }

  #isFedByLoader(node: string, use: PathUse): boolean {
    const { assets, saverPath, signatureInputs } = this.#graph;
    if (use === 'asset') return assets.has(node);
    return !signatureInputs.has(node) && (node === saverPath || SAVER_PATH.test(node));
  }

  #add(op: string, what: string, evidence: string, offset: number, outside: boolean): void {
    this.#breaches.push({ outside, op, what, evidence: printableName(evidence), offset });
  }
}

/** Whether an operator is given a path. */
export function takesPath(op: string): boolean {
  return PATHS.has(op);
}

/** Whether a path of the graph leads out of the folder of the model: absolute, with "..", of a home, or an address. */
export function leadsOutside(path: string): boolean {
  return escapes(path) !== undefined || /^[A-Za-z][\w+.-]*:/.test(path) || path.startsWith('~');
}

/** Options that reach more than memory. */
function optionBreach(scope: GraphScope, node: NodeFacts): BrokenContract | undefined {
  const broken = (attribute: string, outside: boolean): BrokenContract => {
    const shown = JSON.stringify(printableName(node.texts.get(attribute) ?? ''));
    const what = `${node.op} in ${nodePlace(scope, node)} has the ${attribute} ${shown}`;
    return {
      outside,
      op: node.op,
      what,
      evidence: printableName(node.texts.get(attribute) ?? ''),
      offset: node.offset,
    };
  };
  const { texts } = node;
  if (texts.has('output_stream') && !STREAMS.has(texts.get('output_stream') ?? '-'))
    return broken('output_stream', (texts.get('output_stream') ?? '').startsWith('file:'));
  const vocabulary = texts.get('vocab_file');
  if (texts.has('vocab_file') && vocabulary !== '') return broken('vocab_file', leadsOutside(vocabulary ?? ''));
  const source = texts.get('descriptor_source') ?? '-';
  if (texts.has('descriptor_source') && source !== '' && source !== 'local://' && !source.startsWith('bytes://'))
    return broken('descriptor_source', leadsOutside(source));
  if (texts.has('config_proto') && !isUsualConfig(Buffer.from(texts.get('config_proto') ?? '-', 'latin1')))
    return broken('config_proto', false);
  return undefined;
}

/** Fields of a ConfigProto that name devices, threads and placement; with others, it can name optimizers, servers and files. */
const USUAL_FIELDS: ReadonlySet<number> = new Set([1, 2, 3, 5, 6, 7, 8, 9, 16, 18]);
const GRAPH_OPTIONS = 10;
/** Of its options, those of the graph's optimizer that are switches. */
const REWRITE_OPTIONS = 10;

function isUsualConfig(config: Uint8Array): boolean {
  const fields = protoFields(config, config.length);
  return fields?.every((field) => USUAL_FIELDS.has(field.number) || isUsualGraphOption(field)) === true;
}

function isUsualGraphOption({ number, bytes }: ProtoField): boolean {
  if (number !== GRAPH_OPTIONS) return false;
  const options = protoFields(bytes, bytes.length);
  return (
    options?.every((option) => {
      if (option.number !== REWRITE_OPTIONS) return false;
      return protoFields(option.bytes, option.bytes.length)?.every(({ wire }) => wire === 0) === true;
    }) === true
  );
}
