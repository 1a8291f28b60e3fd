import { AssayError, type FileBudget, quotedName } from '../../core/index.ts';
import {
  readSchema,
  type SchemaFault,
  type SchemaField,
  type SchemaVisitor,
  walkSchema,
} from '../../formats/protobuf/schemas/index.ts';
import { readPaddleTensors } from '../../formats/tensor-lists/index.ts';
import { resolveLocation } from '../paths/index.ts';
import {
  type HeldBuffer,
  hiddenText,
  judgeBuffers,
  readOrReport,
  type ScanContext,
  type ScanTarget,
} from '../scanner/index.ts';
import { judgePaddleNames } from './names/index.ts';
import { PADDLE_RULES } from './rules.ts';

const MAX_KEPT = 20_000;
const KEPT_BYTES = 128;
const SOME = 20;
/** Lines of the script that made an operation. */
const TRACES = 'op_callstack';

/** Gathers what a program names while its messages are walked. */
class ProgramSurvey implements SchemaVisitor {
  readonly operations = new Map<string, number>();
  /** Parameters, which versions before 2 read from a file of this name each. */
  readonly outside = new Map<string, { readonly why: string; readonly offset: number }>();
  readonly hidden: { readonly name: string; readonly evidence: string; readonly offset: number }[] = [];
  readonly held: HeldBuffer[] = [];
  readonly faults: SchemaFault[] = [];
  faultCount = 0;
  blocks = 0;
  readonly #budget: FileBudget;
  readonly #open: { name: string; start: number; isPersistent: boolean; type: string }[] = [];

  constructor(budget: FileBudget) {
    this.#budget = budget;
  }

  enter(message: string, _: SchemaField | undefined, start: number): void {
    if (message === 'BlockDesc') this.blocks++;
    this.#open.push({ name: '', start, isPersistent: false, type: '' });
  }

  leave(message: string): void {
    const own = this.#open.pop();
    if (own === undefined) return;
    if (message === 'OpDesc') this.#keep(this.operations, own.type, own.start);
    if (message !== 'VarDesc' || !own.isPersistent) return;
    const location = resolveLocation(own.name);
    if (location.kind === 'outside') this.#keep(this.outside, own.name, { why: location.why, offset: own.start });
  }

  text({ message, name }: SchemaField, value: string, offset: number): void {
    const own = this.#open.at(-1);
    if (own === undefined) return;
    if (name === 'name') own.name = value;
    else if (message === 'OpDesc' && name === 'type') own.type = value;
    else if (message.endsWith('.Attr') && own.name !== TRACES) {
      const evidence = hiddenText(value);
      if (evidence !== undefined && this.hidden.length < SOME) this.hidden.push({ name: own.name, evidence, offset });
    }
  }

  number({ message, name }: SchemaField, value: number): void {
    const own = this.#open.at(-1);
    if (own !== undefined && message === 'VarDesc' && name === 'persistable') own.isPersistent ||= value !== 0;
  }

  content({ message, name, kind }: SchemaField, start: number, end: number): void {
    if (kind !== 's' && kind !== 'b') return;
    if (this.held.length >= MAX_KEPT)
      throw new AssayError('limit', `a Paddle program with more than ${MAX_KEPT} long texts`);
    this.#budget.hold(KEPT_BYTES);
    this.held.push({ where: `${message}.${name}`, start, end, numbers: false });
  }

  fault(fault: SchemaFault): void {
    this.faultCount++;
    if (this.faults.length < SOME) this.faults.push(fault);
  }

  #keep<T>(map: Map<string, T>, name: string, value: T): void {
    if (map.has(name)) return;
    if (map.size >= MAX_KEPT)
      throw new AssayError('limit', `a Paddle program with more than ${MAX_KEPT} names of one kind`);
    this.#budget.hold(KEPT_BYTES);
    map.set(name, value);
  }
}

/** Judges a program of Paddle before version 3: every operation of every block. */
export async function judgePaddleProgram(target: ScanTarget, context: ScanContext): Promise<void> {
  const survey = new ProgramSurvey(context.budget);
  let stopped: unknown;
  try {
    await walkSchema(target.source, readSchema(new URL('./messages.json', import.meta.url)), survey, context.budget);
  } catch (error) {
    // What was found until then counts.
    stopped = error;
  }
  judgePaddleNames(survey.operations, context);
  for (const [name, { why, offset }] of survey.outside) {
    const message = `A parameter is named ${quotedName(name)}: as a file of its own, which older versions read, its name ${why}.`;
    context.report({ rule: PADDLE_RULES.outside, subject: name, message, offset, evidence: name });
  }
  for (const { name, evidence, offset } of survey.hidden) {
    const message = `The attribute ${quotedName(name)} of an operation looks like code.`;
    context.report({ rule: PADDLE_RULES.hidden, subject: name, message, offset, evidence });
  }
  for (const { kind, message: holder, field, offset } of survey.faults) {
    const subject = `${kind} ${holder}.${field}`;
    context.report({
      rule: PADDLE_RULES.structure,
      subject,
      message: `Field ${field} of ${holder} is odd (${kind}).`,
      offset,
    });
  }
  if (stopped !== undefined) throw stopped;
  if (survey.blocks === 0)
    context.report({ rule: PADDLE_RULES.structure, subject: 'blocks', message: 'The program has no block.' });
  await judgeBuffers(target, context, PADDLE_RULES.hidden, survey.held);
  context.cover(0, target.source.size, 'parsed');
}

/** Judges a file of Paddle's parameters: the places of all tensors, to the end of the file. */
export async function judgePaddleTensors(target: ScanTarget, context: ScanContext): Promise<void> {
  const { source } = target;
  const tensors = await readOrReport(target, context, PADDLE_RULES.structure, () =>
    readPaddleTensors(source, context.budget),
  );
  if (tensors === undefined) return;
  for (const { head, start, end } of tensors) {
    context.cover(head, start, 'parsed');
    context.cover(start, end, 'opaque', 'parameters of a Paddle model: numbers');
  }
  const buffers = tensors.map(({ start, end }, index) => ({ where: `tensor ${index}`, start, end, numbers: true }));
  await judgeBuffers(target, context, PADDLE_RULES.hidden, buffers);
}
