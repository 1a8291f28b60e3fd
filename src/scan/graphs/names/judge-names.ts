import { quotedName } from '../../../core/index.ts';
import type { GraphRules, ScanContext } from '../../scanner/index.ts';
import { type GraphRuntime, graphOperator } from '../operators.ts';
import { MXNET_RULES, PADDLE_RULES } from '../rules.ts';

/** Names of operations, each with the first place of it; undefined in documents, whose places are not known. */
export type OperationNames = ReadonlyMap<string, number | undefined>;

/** Gradients of Paddle have the name of their operation. */
const GRADIENT = /(?:_(?:double|triple))?_grad(?:_grad)?\d?$/;

/** Looks up every operation of a program of Paddle. */
export function judgePaddleNames(names: OperationNames, context: ScanContext): void {
  judgeNames('paddle', names, (name) => name.replace(GRADIENT, ''), PADDLE_RULES, context);
}

/**
 * Looks up every operation of a program of Paddle 3: a number for its dialect, and its name. What begins with `t_` or `a_` is a type or
 * an attribute; `region_`, `block_` and `p` name parts and parameters.
 */
export function judgePirNames(names: ReadonlySet<string>, context: ScanContext): void {
  const known = new Map<string, undefined>();
  for (const word of names) {
    const [, dialect = '', name = ''] = /^(\d+)\.(.*)$/s.exec(word) ?? [];
    if (/^(?:region_\d+|block_\d+|p)$/.test(word) || /^[at]_/.test(name)) continue;
    if (dialect === '1') known.set(name.replace(/(?<=.)_$/, ''), undefined);
    else if (dialect !== '0' && dialect !== '2') {
      const what = dialect === '3' ? 'is in a library that the program must load' : 'is of a dialect that is not known';
      const message = `The operation ${quotedName(word)} ${what}.`;
      const rule = dialect === '3' ? PADDLE_RULES.custom : PADDLE_RULES.unlisted;
      context.report({ rule, subject: word, message, evidence: word });
    }
  }
  judgePaddleNames(known, context);
}

/** Looks up every operation of a graph of MXNet. @param custom names under which operations in Python are registered */
export function judgeMxnetNames(names: ReadonlySet<string>, custom: ReadonlySet<string>, context: ScanContext): void {
  const known = new Map([...names].map((name) => [name, undefined]));
  // Calls Python only where the program has registered a class of this name; the others of its kind hold an address.
  for (const name of ['Custom', '_npi_Custom']) {
    if (!known.delete(name)) continue;
    const types = [...custom].slice(0, 10).map(quotedName).join(', ');
    const message = `The operation ${quotedName(name)} calls a Python class of the program${types === '' ? '' : ` (${types})`}.`;
    context.report({ rule: MXNET_RULES.custom, subject: name, message, evidence: types });
  }
  judgeNames('mxnet', known, (name) => name, MXNET_RULES, context);
}

function judgeNames(
  runtime: GraphRuntime,
  names: OperationNames,
  base: (name: string) => string,
  rules: GraphRules,
  context: ScanContext,
): void {
  for (const [name, offset] of names) {
    const found = graphOperator(runtime, name);
    const judged = found.kind === 'unlisted' ? graphOperator(runtime, base(name)) : found;
    if (judged.kind === 'allowed') continue;
    const what = judged.kind === 'refused' ? judged.does : 'is on no list';
    const rule = judged.kind === 'refused' && judged.malicious ? rules.dangerous : rules.unlisted;
    const place = offset === undefined ? {} : { offset };
    context.report({
      rule,
      subject: name,
      message: `The operation ${quotedName(name)} ${what}.`,
      evidence: name,
      ...place,
    });
  }
}
