import { readFileSync } from 'node:fs';
import { MemorySource } from '../../../core/bytes/index.ts';
import { printableName } from '../../../formats/index.ts';
import { flexNode, type LiteOperator, readLiteModel } from '../../../formats/tensorflow/lite/index.ts';
import { walkTensorflow } from '../../../formats/tensorflow/walk/index.ts';
import { activeFormat, readOrReport, type ScanContext, type ScanTarget } from '../../scanner/index.ts';
import { ARGUMENT, OUTSIDE_PATH, TENSORFLOW_STRUCTURE, UNLISTED_OPERATOR } from '../rules.ts';
import { IGNORED, TensorflowCollector } from './collect.ts';
import { leadsOutside, takesPath } from './contracts.ts';
import { type GraphFinding, judgeGraph, operatorFinding } from './findings.ts';

/** `lite-operators.json`, made by `fixtures/make/tflite_operators.py`. */
interface WrittenLiteOperators {
  readonly allowed: string;
  readonly refused: string;
  readonly custom: string;
}

interface LiteOperators {
  readonly allowed: ReadonlySet<number>;
  readonly names: ReadonlyMap<number, string>;
  readonly custom: ReadonlySet<string>;
}

/** The number of an operator that has a name, and the one that older runtimes read where the number is greater. */
const CUSTOM = 32;
const GREATER = 127;
/** What the names of operators of TensorFlow begin with, which a delegate runs. */
const FLEX = 'Flex';

let operators: LiteOperators | undefined;

function liteOperators(): LiteOperators {
  if (operators !== undefined) return operators;
  const file = readFileSync(new URL('../lite-operators.json', import.meta.url), 'utf8');
  const written = JSON.parse(file) as WrittenLiteOperators;
  const rows = (words: string) => words.split(' ').map((word) => word.split(':'));
  const allowed = rows(written.allowed).map(([code]) => Number(code));
  const all = [...rows(written.allowed), ...rows(written.refused)];
  const names = new Map(all.map(([code, name = '']) => [Number(code), name] as const));
  operators = { allowed: new Set(allowed), names, custom: new Set(written.custom.split(' ')) };
  return operators;
}

/** Judges a model of TensorFlow Lite: its operators, those of TensorFlow within, its metadata and the files that it names. */
export async function scanLite(target: ScanTarget, context: ScanContext): Promise<void> {
  const { source } = target;
  context.budget.hold(source.size);
  const bytes = await source.read(0, source.size);
  const model = await readOrReport(target, context, TENSORFLOW_STRUCTURE, async () =>
    readLiteModel(bytes, context.budget),
  );
  if (model === undefined) return;
  const scan = new LiteScan(context);
  for (const operator of model.operators) scan.operator(operator);
  for (const { operator, bytes: options } of model.options) {
    const named = model.operators[operator];
    if (named !== undefined && isFlex(named)) await scan.flex(named, options);
  }
  scan.flexWithoutOptions(model.operators, new Set(model.options.map(({ operator }) => operator)));
  for (const name of model.external) scan.external(name);
  for (const { name, bytes: content } of model.metadata) {
    const inner = new MemorySource(content, `${source.name}!metadata/${printableName(name)}`);
    if ((await activeFormat(inner, context)) !== undefined)
      await context.member(inner, `metadata/${printableName(name)}`);
    else await inner.close();
  }
  context.cover(0, source.size, 'opaque', 'numbers of tensors, and tables whose operators were all judged');
}

function isFlex({ builtin, deprecated, custom }: LiteOperator): boolean {
  return (builtin === CUSTOM || deprecated === CUSTOM) && custom.startsWith(FLEX);
}

class LiteScan {
  readonly #context: ScanContext;

  constructor(context: ScanContext) {
    this.#context = context;
  }

  operator(operator: LiteOperator): void {
    const { builtin, deprecated, custom } = operator;
    const isSame = builtin === deprecated || builtin === 0 || (deprecated === GREATER && builtin >= GREATER);
    if (!isSame) {
      const message = `An operator is ${liteOperatorCode(deprecated)} for older runtimes, and ${liteOperatorCode(builtin)} for newer ones.`;
      this.#context.report({ rule: TENSORFLOW_STRUCTURE, subject: `operator ${deprecated} ${builtin}`, message });
    }
    const codes = new Set(deprecated === GREATER ? [builtin] : builtin === 0 ? [deprecated] : [builtin, deprecated]);
    for (const code of codes) {
      if (code === CUSTOM) this.#custom(custom);
      else if (!liteOperators().allowed.has(code)) this.#unlisted(liteOperatorCode(code));
    }
  }

  #custom(name: string): void {
    if (name.startsWith(FLEX)) this.#report(operatorFinding(name.slice(FLEX.length), `the model (${FLEX})`, 0));
    else if (!liteOperators().custom.has(name)) this.#unlisted(name);
  }

  #unlisted(name: string): void {
    const shown = printableName(name);
    this.#context.report({
      rule: UNLISTED_OPERATOR,
      subject: name,
      message: `The model calls ${JSON.stringify(shown)}, an operator that is not one of TensorFlow Lite.`,
      evidence: shown,
    });
  }

  /** Looks at the operator of TensorFlow that the options hold: the delegate runs it, whatever the name says. */
  async flex({ custom }: LiteOperator, options: Uint8Array): Promise<void> {
    const held = flexNode(options);
    if (held === undefined) return this.#argument(custom, 'has options that do not hold an operator of TensorFlow');
    const graph = Buffer.concat([Uint8Array.of(0x0a), lengthOf(held.node), held.node]);
    const { budget } = this.#context;
    const collector = new TensorflowCollector(
      {
        ...IGNORED,
        graph: (facts) => {
          for (const finding of judgeGraph(facts, budget)) this.#report(finding);
          for (const { op } of facts.main.nodes.values()) {
            if (`${FLEX}${op}` !== custom) this.#argument(custom, `runs ${JSON.stringify(printableName(op))}`);
            if (takesPath(op)) this.#argument(custom, 'takes a path from the model');
          }
        },
        fault: ({ field }) => this.#argument(custom, `holds an operator with an odd field ${field}`),
      },
      budget,
    );
    const inner = new MemorySource(graph, custom);
    await walkTensorflow(inner, 'GraphDef', collector, budget);
  }

  flexWithoutOptions(all: readonly LiteOperator[], having: ReadonlySet<number>): void {
    for (const [index, operator] of all.entries())
      if (isFlex(operator) && !having.has(index)) this.#argument(operator.custom, 'has no options');
  }

  external(name: string): void {
    if (!leadsOutside(name)) return;
    const shown = printableName(name);
    const message = `The model has tensors in ${JSON.stringify(shown)}, which leads out of its folder.`;
    this.#context.report({ rule: OUTSIDE_PATH, subject: `external ${shown}`, message, evidence: shown });
  }

  #argument(custom: string, what: string): void {
    const shown = printableName(custom);
    this.#context.report({
      rule: ARGUMENT,
      subject: `${shown} ${what}`,
      message: `The operator ${JSON.stringify(shown)} ${what}.`,
      evidence: shown,
    });
  }

  #report(finding: GraphFinding | undefined): void {
    if (finding === undefined) return;
    const { rule, subject, message, evidence } = finding;
    this.#context.report({ rule, subject, message, evidence });
  }
}

function liteOperatorCode(code: number): string {
  return liteOperators().names.get(code) ?? `operator ${code}`;
}

/** A length as a varint. */
function lengthOf({ length }: Uint8Array): Uint8Array {
  const bytes: number[] = [];
  for (let left = length; ; left >>>= 7) {
    bytes.push(left > 0x7f ? (left & 0x7f) | 0x80 : left);
    if (left <= 0x7f) return Uint8Array.from(bytes);
  }
}

/** The name of an operator, as newer runtimes read it. */
export function liteOperatorName({ builtin, deprecated, custom }: LiteOperator): string {
  const code = deprecated === GREATER || builtin !== 0 ? builtin : deprecated;
  return code === CUSTOM ? custom : liteOperatorCode(code);
}
