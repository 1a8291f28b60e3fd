import type { FileBudget } from '../../core/index.ts';
import { differ, type Network } from '../network/index.ts';
import { AtenCall, type AtenResult, type ElementTypes } from './call.ts';
import { AtenDatum } from './datum.ts';
import { boundArguments, type OperatorArguments } from './schema.ts';
import { OPERATORS, type Operator } from './table.ts';
import { AtenTensor, type AtenValue, atenList, valueTitle } from './values.ts';

/** Units of work of one operator, besides those of the operators that it becomes. */
const OPERATOR_WORK = 500;
/** What the values of one operator take. */
const OPERATOR_BYTES = 512;

const NONE: ReadonlyMap<string, AtenValue> = new Map();

/** Runs operators of PyTorch: each becomes operators of the graph, or a value that is known. */
export class AtenRunner {
  readonly net: Network;
  readonly types: ElementTypes = { uniform: true };
  readonly #budget: FileBudget;

  constructor(net: Network, budget: FileBudget) {
    this.net = net;
    this.#budget = budget;
  }

  /**
   * @param overload absent where only the arguments tell it
   * @throws AssayError `unsupported` for an operator that is not converted, naming it; `malformed`
   */
  run(name: string, overload: string | undefined, args: OperatorArguments): AtenValue {
    this.#budget.work(OPERATOR_WORK);
    this.#budget.hold(OPERATOR_BYTES);
    const forms = OPERATORS.get(name);
    if (forms !== undefined) return this.#apply(name, overload, forms, args);
    const base = /^(.*[^_])_$/.exec(name)?.[1];
    const changing = base === undefined ? undefined : OPERATORS.get(base);
    if (changing === undefined) throw this.net.refuse(`the operator ${titleOf(name, overload)} is not converted`);
    return this.#inPlace(name, overload, changing, args);
  }

  #apply(name: string, overload: string | undefined, forms: readonly Operator[], args: OperatorArguments): AtenValue {
    const { result, form } = this.#lowered(name, overload, forms, args);
    const source = form.isView ? firstTensor(args) : undefined;
    const cell = (datum: AtenDatum) => source?.view(datum) ?? new AtenTensor(datum);
    if (result instanceof AtenDatum) return cell(result);
    return isDatums(result) ? atenList(result.map(cell)) : result;
  }

  #lowered(
    name: string,
    overload: string | undefined,
    forms: readonly Operator[],
    args: OperatorArguments,
  ): { readonly result: AtenResult; readonly form: Operator } {
    const title = titleOf(name, overload);
    const number = (value: AtenValue) =>
      new AtenTensor(new AtenCall(title, this.net, this.types, NONE).numeric(value, 'self'));
    const tries = preferred(forms, overload).map((form) => [form, boundArguments(form.schema, args)] as const);
    const wrapped = forms.map((form) => [form, boundArguments(form.schema, args, number)] as const);
    for (const [form, bound] of overload === undefined ? tries : [...tries, ...wrapped]) {
      if (bound === undefined) continue;
      const call = new AtenCall(titleOf(name, form.schema.overload), this.net, this.types, bound);
      return { result: form.lowering(call), form };
    }
    const given = [...args.positional, ...args.named.values()].map(valueTitle).join(', ').slice(0, 200);
    throw this.net.refuse(`the operator ${title} is not converted with these arguments: ${given}`);
  }

  /** An operator that changes its first tensor. */
  #inPlace(
    name: string,
    overload: string | undefined,
    forms: readonly Operator[],
    args: OperatorArguments,
  ): AtenTensor {
    const { net } = this;
    const target = firstTensor(args);
    if (target === undefined) throw net.broken(`${name} changes nothing`);
    const { owner } = target.memory;
    if (owner !== undefined) throw net.refuse(`${name} changes ${owner} while the model runs`);
    const before = target.datum;
    const { result } = this.#lowered(name, overload, forms, args);
    if (result === target) return target;
    const after = result instanceof AtenTensor ? result.datum : result;
    if (before === undefined || !(after instanceof AtenDatum)) throw net.refuse(`${name} is not converted`);
    if (after.rank !== before.rank || after.shape.some((size, axis) => differ(size, before.shape[axis])))
      throw net.broken(`${name} makes another shape`);
    if (after.type !== before.type && after.type !== 'bool') throw net.broken(`${name} makes another element type`);
    target.change(
      after.type === before.type
        ? after
        : new AtenDatum({ type: before.type, shape: after.shape }, () => net.cast(after.tensor, before.type)),
    );
    return target;
  }
}

/** The form that is named comes first; a number in place of a tensor is what another form takes. */
function preferred(forms: readonly Operator[], overload: string | undefined): readonly Operator[] {
  const wanted = overload === 'default' ? '' : overload;
  const named = forms.filter(({ schema }) => schema.overload === wanted);
  return [...named, ...forms.filter((form) => !named.includes(form))];
}

function isDatums(result: AtenResult): result is readonly AtenDatum[] {
  return Array.isArray(result);
}

function firstTensor({ positional, named }: OperatorArguments): AtenTensor | undefined {
  const first = positional[0] ?? named.get('self') ?? named.get('input');
  return first instanceof AtenTensor ? first : undefined;
}

function titleOf(name: string, overload: string | undefined): string {
  const plain = name.slice(0, 80);
  return overload === undefined || overload === '' || overload === 'default'
    ? `aten::${plain}`
    : `aten::${plain}.${overload.slice(0, 40)}`;
}
