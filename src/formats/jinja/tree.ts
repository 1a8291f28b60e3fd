/** An expression of a template. */
export type Expression =
  | { readonly kind: 'name'; readonly name: string; readonly at: number }
  | { readonly kind: 'text'; readonly text: string; readonly at: number }
  | { readonly kind: 'number'; readonly value: number; readonly at: number }
  /** `true`, `false`, `none`. */
  | { readonly kind: 'constant'; readonly at: number }
  /** A list, tuple or mapping: its parts. */
  | { readonly kind: 'collection'; readonly parts: readonly Expression[]; readonly at: number }
  | { readonly kind: 'attribute'; readonly of: Expression; readonly name: string; readonly at: number }
  | { readonly kind: 'item'; readonly of: Expression; readonly key: Expression; readonly at: number }
  | { readonly kind: 'slice'; readonly parts: readonly Expression[]; readonly at: number }
  | { readonly kind: 'call'; readonly of: Expression; readonly arguments: readonly Argument[]; readonly at: number }
  | Applied
  | {
      readonly kind: 'operation';
      readonly operator: string;
      readonly parts: readonly Expression[];
      readonly at: number;
    };

/** A filter or a test with its name, and what it is applied to; a filter block has nothing. */
export interface Applied {
  readonly kind: 'filter' | 'test';
  readonly name: string;
  readonly of: Expression | undefined;
  readonly arguments: readonly Argument[];
  readonly at: number;
}

export interface Argument {
  /** The name in `name=value`; `*` and `**` for spread arguments. */
  readonly name: string | undefined;
  readonly value: Expression;
}

/** What a statement assigns to a name: a value, or an item of the value, or a part of such an item. */
export interface Binding {
  /** `name`, or `name.attribute` of a namespace. */
  readonly name: string;
  readonly how: 'value' | 'item' | 'parameter';
  readonly value: Expression | undefined;
}

export interface TemplateStatement {
  /** `for`, `if`, `endfor`, ...; `print` for an expression that is written. */
  readonly tag: string;
  readonly expressions: readonly Expression[];
  readonly bindings: readonly Binding[];
  readonly at: number;
}

export interface Template {
  readonly statements: readonly TemplateStatement[];
  /** Text that is written as it stands. */
  readonly data: readonly string[];
}

/** The expressions that make up another, itself left out. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'collection':
    case 'slice':
    case 'operation':
      return expression.parts;
    case 'attribute':
      return [expression.of];
    case 'item':
      return [expression.of, expression.key];
    case 'call':
      return [expression.of, ...expression.arguments.map(({ value }) => value)];
    case 'filter':
    case 'test': {
      const own = expression.arguments.map(({ value }) => value);
      return expression.of === undefined ? own : [expression.of, ...own];
    }
    default:
      return [];
  }
}
