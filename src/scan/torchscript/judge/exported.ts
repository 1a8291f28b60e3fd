import { type ByteSource, chunks } from '../../../core/bytes/index.ts';
import { isContentError } from '../../../core/index.ts';
import { type JsonEvents, type JsonToken, JsonWalker } from '../../../formats/json/index.ts';
import { type Rule, type ScanContext, yieldToEventLoop } from '../../scanner/index.ts';
import { listedScriptClass } from '../classes.ts';
import { EXPORT_RULES } from '../rules.ts';
import { type EvaluatedText, judgeExpression, judgeGuard } from './expressions.ts';
import { judgeTarget } from './targets.ts';
import { judgeTreeSpec } from './tree-spec.ts';

const MAX_SAID = 50;
/** Texts that hold the form of arguments and results. */
const TREE_KEYS: ReadonlySet<string> = new Set(['in_spec', 'out_spec']);
const TREE = /^\s{0,100}\[\s{0,100}\d{1,9}\s{0,100},\s{0,100}\{/;

/**
 * Judges the program of a torch.export archive: the operators that its nodes call, and the texts in it that PyTorch evaluates
 * (torch/_export/serde/serialize.py).
 * @param storedAt where its bytes stand in the archive; `undefined` when they were decompressed
 * @throws AssayError `malformed`, `truncated`, `limit` for what is not JSON in UTF-8
 */
export async function judgeExportedProgram(
  context: ScanContext,
  source: ByteSource,
  name: string,
  storedAt: number | undefined,
): Promise<void> {
  const walker = new JsonWalker(new ProgramEvents(context, name), { pythonNumbers: true });
  try {
    for await (const bytes of chunks(source)) {
      await yieldToEventLoop(context.signal);
      context.budget.work(bytes.length);
      walker.feed(bytes);
    }
    walker.end();
  } catch (error) {
    if (!isContentError(error)) throw error;
    context.incomplete(`the program "${name}" was not read to its end: ${error.message}`);
    return;
  }
  if (storedAt !== undefined) context.cover(storedAt, storedAt + source.size, 'parsed');
}

/** Texts are judged by the key that they stand under, wherever that is. */
class ProgramEvents implements JsonEvents {
  readonly #context: ScanContext;
  readonly #name: string;
  /** The last key of each open object; arrays go on with that around them. */
  readonly #keys: string[] = [];
  readonly #said = new Set<string>();

  constructor(context: ScanContext, name: string) {
    this.#context = context;
    this.#name = name;
  }

  open(kind: 'object' | 'array'): void {
    this.#keys.push(kind === 'array' ? (this.#keys.at(-1) ?? '') : '');
  }

  close(): void {
    this.#keys.pop();
  }

  key(name: string): void {
    this.#keys[this.#keys.length - 1] = name;
  }

  scalar(kind: string, token: JsonToken): void {
    const key = this.#keys.at(-1);
    if (kind !== 'string' || key === undefined) return;
    if (key === 'target' || key === 'as_operator') this.#target(token.text);
    else if (key === 'expr_str' || key === 'as_expr')
      this.#evaluated('the size', token.text, judgeExpression(token.text));
    else if (key === 'guards_code') this.#evaluated('the guard', token.text, judgeGuard(token.text));
    else if (key === 'class_fqn') this.#class(token.text);
    else if (TREE_KEYS.has(key) || TREE.test(token.text)) this.#treeSpec(token.text);
  }

  #target(target: string): void {
    const judgement = judgeTarget(target, this.#context.globals);
    const shown = target.slice(0, 200);
    if (judgement.kind === 'refused')
      this.#say(
        judgement.malicious ? EXPORT_RULES.dangerous : EXPORT_RULES.unlisted,
        `calls ${shown}, which ${judgement.does}`,
        shown,
      );
    else if (judgement.kind === 'unlisted') this.#say(EXPORT_RULES.unlisted, `calls ${shown}`, shown);
  }

  #evaluated(what: string, text: string, judgement: EvaluatedText): void {
    const shown = text.slice(0, 200);
    if (judgement === 'plain') return;
    const rule = judgement === 'code' ? EXPORT_RULES.code : EXPORT_RULES.odd;
    this.#say(rule, `has ${what} ${JSON.stringify(shown)}, which PyTorch evaluates as Python`, shown);
  }

  #class(name: string): void {
    if (!listedScriptClass(name))
      this.#say(EXPORT_RULES.unlisted, `holds an object of the class ${name.slice(0, 200)}`, name.slice(0, 200));
  }

  #treeSpec(text: string): void {
    for (const { what, dangerous } of judgeTreeSpec(text, this.#context.globals))
      this.#say(dangerous ? EXPORT_RULES.dangerous : EXPORT_RULES.unlisted, `has a tree of values that ${what}`, what);
  }

  #say(rule: Rule, what: string, subject: string): void {
    // What is dangerous is never left out.
    if (this.#said.has(subject) || (this.#said.size >= MAX_SAID && rule.verdict !== 'malicious')) return;
    this.#said.add(subject);
    this.#context.report({
      rule,
      subject: `${this.#name} ${subject}`,
      message: `The program "${this.#name}" ${what}.`,
      evidence: subject,
    });
  }
}
