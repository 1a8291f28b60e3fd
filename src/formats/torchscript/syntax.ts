/** Where something stands in its file. */
export interface Placed {
  /** From 1. */
  readonly line: number;
}

export type ScriptExpression = Placed &
  (
    | { readonly kind: 'name'; readonly name: string }
    | { readonly kind: 'text'; readonly value: string }
    /** A whole number; those beyond 53 bits are not exact. */
    | { readonly kind: 'int'; readonly value: number }
    | { readonly kind: 'float'; readonly value: number }
    | { readonly kind: 'constant'; readonly value: boolean | null }
    | { readonly kind: 'list' | 'tuple'; readonly items: readonly ScriptExpression[] }
    | {
        readonly kind: 'dict';
        readonly entries: readonly (readonly [key: ScriptExpression, value: ScriptExpression])[];
      }
    | { readonly kind: 'attribute'; readonly of: ScriptExpression; readonly name: string }
    | { readonly kind: 'call'; readonly callee: ScriptExpression; readonly args: readonly ScriptArgument[] }
    | { readonly kind: 'item'; readonly of: ScriptExpression; readonly index: ScriptExpression }
    | {
        readonly kind: 'slice';
        readonly of: ScriptExpression;
        readonly from: ScriptExpression | undefined;
        readonly to: ScriptExpression | undefined;
        readonly step: ScriptExpression | undefined;
      }
    | { readonly kind: 'unary'; readonly operator: string; readonly of: ScriptExpression }
    | {
        readonly kind: 'binary';
        readonly operator: string;
        readonly left: ScriptExpression;
        readonly right: ScriptExpression;
      }
    | {
        readonly kind: 'choice';
        readonly condition: ScriptExpression;
        readonly yes: ScriptExpression;
        readonly no: ScriptExpression;
      }
  );

export interface ScriptArgument {
  readonly name: string | undefined;
  readonly value: ScriptExpression;
}

export interface Parameter {
  readonly name: string;
  /** As it is written, without spaces. */
  readonly type: string | undefined;
  readonly fallback: ScriptExpression | undefined;
}

export interface FunctionDefinition extends Placed {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly body: readonly ScriptStatement[];
}

export type ScriptStatement = Placed &
  (
    | { readonly kind: 'pass' }
    | { readonly kind: 'expression'; readonly value: ScriptExpression }
    | { readonly kind: 'return'; readonly value: ScriptExpression | undefined }
    /** A declaration without a value has none. */
    | { readonly kind: 'assign'; readonly target: ScriptExpression; readonly value: ScriptExpression | undefined }
    | {
        readonly kind: 'augment';
        readonly target: ScriptExpression;
        readonly operator: string;
        readonly value: ScriptExpression;
      }
    | {
        readonly kind: 'if';
        readonly condition: ScriptExpression;
        readonly yes: readonly ScriptStatement[];
        readonly no: readonly ScriptStatement[];
      }
    | { readonly kind: 'while'; readonly condition: ScriptExpression; readonly body: readonly ScriptStatement[] }
    | {
        readonly kind: 'for';
        readonly target: ScriptExpression;
        readonly over: ScriptExpression;
        readonly body: readonly ScriptStatement[];
      }
    | { readonly kind: 'with'; readonly body: readonly ScriptStatement[] }
    | { readonly kind: 'define'; readonly definition: FunctionDefinition }
  );

export interface ClassDefinition extends Placed {
  readonly name: string;
  /** `Module`, `NamedTuple`, ...; nothing for a plain class. */
  readonly base: string;
  /** Attributes in their order, with their types as they are written. */
  readonly attributes: ReadonlyMap<string, ClassAttribute>;
  readonly methods: ReadonlyMap<string, FunctionDefinition>;
  /** Methods that run before and after `forward`, when the object itself is called. */
  readonly hooks: readonly string[];
}

export interface ClassAttribute {
  readonly type: string;
  /** Of one that is final. */
  readonly value: ScriptExpression | undefined;
}

/** What a file of TorchScript defines. */
export interface ScriptFile {
  readonly classes: ReadonlyMap<string, ClassDefinition>;
  readonly functions: ReadonlyMap<string, FunctionDefinition>;
}
