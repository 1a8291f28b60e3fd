import type { FileBudget } from '../../core/index.ts';
import { type AtenRunner, type AtenValue, isOfKind } from '../aten/index.ts';
import type { JsonPart } from './json.ts';
import { argumentOf, type ProgramValues, resultNames } from './values.ts';

const MAX_NODES = 1_000_000;
const NODE_WORK = 100;
/** Nodes that only check what was true when the program was made. */
const CHECKS: ReadonlySet<string> = new Set([
  '_assert_scalar',
  '_assert_async',
  '_assert_tensor_metadata',
  'sym_constrain_range',
  'sym_constrain_range_for_size',
]);
/** Functions of Python on sizes, by what PyTorch calls them. */
const PYTHON: ReadonlyMap<string, string> = new Map([
  ['add', 'add'],
  ['sub', 'sub'],
  ['mul', 'mul'],
  ['truediv', 'truediv'],
  ['floordiv', 'floordiv'],
  ['mod', 'mod'],
  ['pow', 'pow'],
  ['neg', 'neg'],
  ['eq', 'eq'],
  ['ne', 'ne'],
  ['lt', 'lt'],
  ['le', 'le'],
  ['gt', 'gt'],
  ['ge', 'ge'],
]);

/** Converts the nodes of a graph, one after the other. @throws AssayError `unsupported` naming an operator; `malformed` */
export function runNodes(nodes: JsonPart, values: ProgramValues, runner: AtenRunner, budget: FileBudget): void {
  const { net } = runner;
  const all = nodes.items();
  if (all.length > MAX_NODES) throw net.refuse(`it has more than ${MAX_NODES} nodes`);
  for (const node of all) {
    budget.work(NODE_WORK);
    const target = node.get('target').text();
    net.within(target.slice(0, 120), () => runNode(node, target, values, runner));
  }
}

function runNode(node: JsonPart, target: string, values: ProgramValues, runner: AtenRunner): void {
  const { net } = runner;
  const operator = operatorOf(target);
  if (operator === undefined) throw net.refuse('the operator is not converted: it is not one of PyTorch itself');
  if (CHECKS.has(operator.name)) return;
  const positional: AtenValue[] = [];
  const named = new Map<string, AtenValue>();
  for (const input of node.get('inputs').items()) {
    const name = input.find('name')?.text() ?? '';
    const value = argumentOf(input.get('arg'), values, net);
    if (operator.isPython || name === '') positional.push(value);
    else if (named.has(name)) throw input.broken('is given twice');
    else named.set(name, value);
  }
  const result = runner.run(operator.name, operator.overload, { positional, named });
  keep(node, result, values);
}

/** `torch.ops.aten.add.Tensor`, `_operator.mul`; undefined for an operator of another library. */
function operatorOf(
  target: string,
): { readonly name: string; readonly overload: string | undefined; readonly isPython: boolean } | undefined {
  const [, name, overload] = /^torch\.ops\.(?:aten|prims)\.(\w+)(?:\.(\w+))?$/.exec(target) ?? [];
  if (name !== undefined) return { name, overload, isPython: false };
  const python = PYTHON.get(/^_operator\.(\w+)$/.exec(target)?.[1] ?? '');
  return python === undefined ? undefined : { name: python, overload: undefined, isPython: true };
}

/** Gives the results of a node their names. */
function keep(node: JsonPart, result: AtenValue, values: ProgramValues): void {
  const outputs = node.get('outputs').items();
  const lists = outputs.map(resultNames);
  const results = isOfKind(result, 'list') || isOfKind(result, 'tuple') ? result.items : [result];
  const names = lists.flat();
  if (names.length > results.length) throw node.broken(`has ${names.length} results instead of ${results.length}`);
  for (const [index, name] of names.entries()) {
    if (name === undefined) continue;
    if (values.has(name)) throw node.broken(`makes ${JSON.stringify(name.slice(0, 80))} a second time`);
    values.set(name, results[index] ?? null);
  }
}
