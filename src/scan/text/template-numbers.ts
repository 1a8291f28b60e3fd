import type { Binding, Expression, Template } from '../../formats/jinja/index.ts';

const COUNTING: ReadonlySet<string> = new Set([
  'index',
  'index0',
  'revindex',
  'revindex0',
  'length',
  'depth',
  'depth0',
]);
const ARITHMETIC: ReadonlySet<string> = new Set(['+', '-', '*', '/', '//', '%', '**']);

/** Names of a template that can only be numbers: whatever they index, they name no attribute. */
export class NumericNames {
  readonly #names: Set<string>;
  readonly #bound: ReadonlySet<string>;

  constructor(template: Template) {
    const bindings = new Map<string, Binding[]>();
    for (const binding of template.statements.flatMap(bindingsOf)) {
      const known = bindings.get(binding.name);
      if (known === undefined) bindings.set(binding.name, [binding]);
      else known.push(binding);
    }
    this.#bound = new Set(bindings.keys());
    const made = (name: string) => (bindings.get(name) ?? []).every(({ value }) => isNamespace(value));
    // Those that are not numbers by themselves take others with them, until none goes any more.
    this.#names = new Set([...bindings.keys()].filter((name) => !name.includes('.') || made(name.split('.')[0] ?? '')));
    for (let before = -1; before !== this.#names.size; ) {
      before = this.#names.size;
      for (const [name, own] of bindings) if (!own.every((binding) => this.#binds(binding))) this.#names.delete(name);
    }
  }

  has(expression: Expression): boolean {
    return this.#isNumber(expression, 0);
  }

  #binds({ how, value }: Binding): boolean {
    if (value === undefined || how === 'parameter') return false;
    if (how === 'value') return this.has(value);
    return value.kind === 'call' && value.of.kind === 'name' && value.of.name === 'range';
  }

  #isNumber(expression: Expression, depth: number): boolean {
    if (depth > 100) return false;
    const inner = (part: Expression) => this.#isNumber(part, depth + 1);
    switch (expression.kind) {
      case 'number':
        return true;
      case 'name':
        return this.#names.has(expression.name);
      case 'attribute': {
        const { of, name } = expression;
        if (of.kind !== 'name') return false;
        return of.name === 'loop' && !this.#bound.has('loop')
          ? COUNTING.has(name)
          : this.#names.has(`${of.name}.${name}`);
      }
      case 'filter':
        // `int` gives its argument where the value is not a number.
        return (
          expression.of !== undefined &&
          expression.arguments.length === 0 &&
          ['length', 'count', 'int', 'wordcount'].includes(expression.name)
        );
      case 'operation':
        // `a if b else c`: the parts are a, b and c.
        if (expression.operator === 'if')
          return expression.parts.length === 3 && expression.parts.every((part, index) => index === 1 || inner(part));
        return ARITHMETIC.has(expression.operator) && expression.parts.every(inner);
      default:
        return false;
    }
  }
}

function isNamespace(value: Expression | undefined): value is Extract<Expression, { kind: 'call' }> {
  return value?.kind === 'call' && value.of.kind === 'name' && value.of.name === 'namespace';
}

/** What a statement binds, and the fields of the namespaces that it makes. */
function bindingsOf({ bindings }: Template['statements'][number]): Binding[] {
  return bindings.flatMap((binding) => {
    const { value } = binding;
    if (!isNamespace(value)) return [binding];
    const fields = value.arguments.map(
      (argument): Binding => ({ name: `${binding.name}.${argument.name ?? ''}`, how: 'value', value: argument.value }),
    );
    return [binding, ...fields];
  });
}
