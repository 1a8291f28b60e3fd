import { AssayError, isContentError } from '../../../core/index.ts';
import { printableName } from '../../../formats/index.ts';
import {
  type EncodingFault,
  type FieldBytes,
  isMessage,
  type MessageValue,
  type ProtoMessage,
  type TfRoot,
  walkTensorflow,
} from '../../../formats/tensorflow/walk/index.ts';
import { activeFormat, type ScanContext, type ScanTarget } from '../../scanner/index.ts';
import { OUTSIDE_PATH, TENSORFLOW_STRUCTURE } from '../rules.ts';
import { IGNORED, TensorflowCollector } from './collect.ts';
import { leadsOutside } from './contracts.ts';
import type { TensorflowGraph } from './facts.ts';
import { type GraphFinding, judgeGraph } from './findings.ts';
import { judgeNested, mayBeGraph, valueSource } from './nested.ts';
import { lookAtTensors } from './tensors.ts';

/** Values of constants and collections that are looked into; more leave the verdict unknown. */
const MAX_VALUES = 100_000;
const VALUE_BYTES = 96;
const MEMBER_WORK = 1_024;

const ROOTS: readonly TfRoot[] = ['SavedModel', 'MetaGraphDef', 'GraphDef'];

interface Placed {
  readonly value: FieldBytes | Uint8Array;
  readonly name: string;
  readonly offset: number;
}

const FAULTS: Readonly<Record<EncodingFault['kind'], string>> = {
  'unknown-field': 'has a field that TensorFlow does not have',
  'wire-type': 'has a field of another type than TensorFlow has',
  twice: 'has a field twice that it can have once',
  'two-values': 'has two of several fields of which it can have one',
  'key-twice': 'has an entry of a map twice',
  'not-utf8': 'has a text that is not UTF-8',
};

/** Judges a file of TensorFlow that is written as Protocol Buffers. */
export async function scanTensorflow(target: ScanTarget, context: ScanContext, root: TfRoot): Promise<void> {
  const scan = new TensorflowScan(target, context);
  // What breaks off can be any of them.
  let parts: ReadonlySet<number> | undefined;
  try {
    parts = await scan.readAll(root);
  } finally {
    for (const other of ROOTS) if (other !== root && mayBe(other, parts)) await scan.readAs(other);
  }
}

/** Whether a file with these fields can hold a graph for a loader of another kind. */
function mayBe(root: TfRoot, parts: ReadonlySet<number> | undefined): boolean {
  return parts === undefined || parts.has(2) || (root === 'GraphDef' && parts.has(1));
}

class TensorflowScan {
  readonly collector: TensorflowCollector;
  readonly #target: ScanTarget;
  readonly #context: ScanContext;
  readonly #constants: Placed[] = [];
  readonly #collected: Placed[] = [];
  readonly #keras: Placed[] = [];

  constructor(target: ScanTarget, context: ScanContext) {
    this.#target = target;
    this.#context = context;
    this.collector = new TensorflowCollector(
      {
        graph: (graph) => this.#judge(graph),
        fault: (fault) => this.#fault(fault),
        message: (message) => this.#message(message),
        odd: (what, subject, offset) => this.#odd(what, subject, offset),
        asset: (name, offset) => this.#asset(name, offset),
        collected: (collection, value) => this.#collect(collection, value),
        keras: (value, offset) => this.#keep(this.#keras, { value, name: 'keras', offset }),
      },
      context.budget,
    );
  }

  /** @returns the fields of the whole that could be messages */
  async readAll(root: TfRoot): Promise<ReadonlySet<number>> {
    const { source } = this.#target;
    const context = this.#context;
    let at = 0;
    const { raw, parts } = await walkTensorflow(source, root, this.collector, context.budget);
    for (const { start, end } of raw) {
      context.cover(at, start, 'parsed');
      context.cover(start, end, 'opaque', 'numbers of a constant');
      at = end;
    }
    context.cover(at, source.size, 'parsed');
    await this.#finish();
    return parts;
  }

  /** What needs the bytes of values: graphs and other files within constants and collections. */
  async #finish(): Promise<void> {
    const { source } = this.#target;
    for (const { value, offset } of this.#constants)
      for (const finding of await judgeNested(source, value, this.#context.budget))
        this.#report({ ...finding, message: `A graph within a constant: ${finding.message}`, offset });
    for (const { value, name } of this.#collected) await this.#member(value, name);
    for (const { value, offset } of this.#keras) await this.#kerasObject(value, offset);
  }

  /** What the objects of a SavedModel say of Keras layers: Keras of before TensorFlow 2.5 makes them again from it. */
  async #kerasObject(value: FieldBytes | Uint8Array, offset: number): Promise<void> {
    const { judgeKerasDocument } = await import('../../keras/judge/index.ts');
    const { budget, limits } = this.#context;
    const inner = valueSource(this.#target.source, value, 'keras');
    if (inner.size > limits.maxHeaderBytes)
      throw new AssayError('limit', 'a description of Keras layers is too long', { offset });
    budget.hold(inner.size);
    const bytes = await inner.read(0, inner.size);
    judgeKerasDocument(bytes, this.#context, { name: `the object at byte ${offset}`, certain: true });
  }

  /**
   * What another loader would find in the same bytes: a graph that is named as a SavedModel, or the other way round. A message of one kind
   * reads as nearly nothing of another, so that only what reaches files or code counts.
   */
  async readAs(root: TfRoot): Promise<void> {
    const { budget } = this.#context;
    const graph = (facts: TensorflowGraph) => {
      for (const finding of judgeGraph(facts, budget))
        if (finding.rule.verdict === 'malicious')
          this.#report({ ...finding, message: `Read as a ${root}: ${finding.message}` });
    };
    try {
      await walkTensorflow(this.#target.source, root, new TensorflowCollector({ ...IGNORED, graph }, budget), budget);
    } catch (error) {
      // The loader of that kind refuses the file as well.
      if (!isContentError(error) || error.code === 'limit') throw error;
    }
  }

  async #member(value: FieldBytes | Uint8Array, name: string): Promise<void> {
    const { source } = this.#target;
    const inner = valueSource(source, value, name);
    this.#context.budget.work(MEMBER_WORK);
    if ((await activeFormat(inner, this.#context)) !== undefined) await this.#context.member(inner, name);
  }

  #judge(graph: TensorflowGraph): void {
    for (const finding of judgeGraph(graph, this.#context.budget)) this.#report(finding);
  }

  #report({ rule, subject, message, evidence, offset }: GraphFinding): void {
    this.#context.report({ rule, subject, message, evidence, offset });
  }

  #fault({ kind, message, field, offset }: EncodingFault): void {
    const said = `A message ${message} ${FAULTS[kind]}: the field ${field}.`;
    this.#context.report({ rule: TENSORFLOW_STRUCTURE, subject: `${kind} ${message} ${field}`, message: said, offset });
  }

  #odd(what: string, subject: string, offset: number): void {
    this.#context.report({ rule: TENSORFLOW_STRUCTURE, subject, message: `${capital(what)}.`, offset });
  }

  #message(message: ProtoMessage): void {
    lookAtTensors(message, {
      odd: (what, subject, offset) => this.#odd(what, subject, offset),
      bytes: (value, offset) => {
        if (!(value instanceof Uint8Array) || mayBeGraph(value, value.length))
          this.#keep(this.#constants, { value, name: 'constant', offset });
      },
    });
  }

  #collect(collection: string, value: MessageValue): void {
    if (typeof value === 'number' || isMessage(value)) return;
    const name = `collection/${printableName(collection)}`;
    this.#keep(this.#collected, { value, name, offset: value instanceof Uint8Array ? 0 : value.start });
  }

  #keep(list: Placed[], placed: Placed): void {
    if (list.length >= MAX_VALUES)
      throw new AssayError('limit', `more than ${MAX_VALUES} texts that may hold a graph`, { offset: placed.offset });
    this.#context.budget.hold(VALUE_BYTES);
    list.push(placed);
  }

  #asset(name: string, offset: number): void {
    if (!leadsOutside(name)) return;
    const shown = printableName(name);
    this.#context.report({
      rule: OUTSIDE_PATH,
      subject: `asset ${shown}`,
      message: `The model has the asset ${JSON.stringify(shown)}, which leads out of its folder.`,
      evidence: shown,
      offset,
    });
  }
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
