import {
  type Call,
  FIRST_COMPOSITE,
  GLOBAL,
  type GlobalName,
  OBJECT,
  type PickleState,
  STR,
  STR_DUNDER,
  TUPLE,
  type Value,
} from '../../../formats/pickle/index.ts';

/** Packages of SymPy whose classes are made of numbers, symbols and each other; text among their arguments is evaluated. */
const EXPRESSIONS =
  /^sympy\.(?:concrete|core|functions|integrals|logic|matrices|polys|series|sets|tensor)\.(?!sympify\b)/;
const SYMBOLS: ReadonlySet<string> = new Set(['sympy.core.symbol:Symbol', 'sympy.core.symbol:Dummy']);
/** Classes made from dicts of elements, which they keep unchanged. */
const MATRICES: ReadonlySet<string> = new Set([
  'sympy.polys.matrices.domainmatrix:DomainMatrix',
  'sympy.polys.matrices.sdm:SDM',
]);
const MAX_ARGUMENTS = 1024;

type Named = Pick<GlobalName, 'module' | 'name'>;

export function isExpression({ module }: Named): boolean {
  return EXPRESSIONS.test(module);
}

/** Whether a call of such a class receives a value that may be or hold text. A symbol has a name, which is not evaluated. */
export function mayEvaluate(callee: Named, call: Call, machine: PickleState): boolean {
  if (MATRICES.has(`${callee.module}:${callee.name}`)) return false;
  const isSymbol = SYMBOLS.has(`${callee.module}:${callee.name}`);
  if (call.kwargs !== undefined && !isSymbol) return true;
  const open = [...(machine.tuple(call.args) ?? [call.args])];
  for (let met = 0; open.length > 0; met++) {
    machine.budget.work(1);
    const one = open.pop();
    if (one === undefined || met >= MAX_ARGUMENTS) return true;
    if (one.kind === TUPLE) open.push(...(machine.tuple(one) ?? []));
    else if (!isPlain(one, isSymbol, machine)) return true;
  }
  return false;
}

function isPlain(of: Value, isSymbol: boolean, machine: PickleState): boolean {
  if (of.kind === STR || of.kind === STR_DUNDER) return isSymbol;
  if (of.kind === OBJECT || of.kind === GLOBAL) {
    const call = machine.callOf(of);
    const global = machine.global(call?.callee ?? of);
    return global !== undefined && isExpression(global);
  }
  return of.kind < FIRST_COMPOSITE;
}
