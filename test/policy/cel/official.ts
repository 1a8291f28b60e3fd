import { tests as conformance } from '@bufbuild/cel-spec/testdata/conformance.js';
import type { Value } from '../../../src/policy/cel/values.ts';

/** A case of the conformance suite of the specification (cel-spec v0.25.1, as `@bufbuild/cel-spec` carries it). */
export interface OfficialCase {
  readonly name: string;
  readonly expr: string;
  readonly globals: ReadonlyMap<string, Value>;
  /** `undefined`: it has to fail. */
  readonly expected: Value | undefined;
}

type Json = Readonly<Record<string, unknown>>;

/** What policies have no use for, and the parts of the language that only serve it. */
const OUTSIDE: readonly (readonly [why: string, pattern: RegExp])[] = [
  ['unsigned integers', /\d[uU]\b|\buint\b/],
  ['bytes', /\b[rR]?[bB][rR]?['"]|\bbytes\b/],
  ['protocol buffers', /TestAllTypes|google\.protobuf|GlobalEnum|NestedEnum|NestedTestAll|proto\.|`/],
  ['type values', /\btype\b|==\s*(?:int|bool|string|double|list|map|null_type)\b/],
  ['optional values', /optional|\?\.|\[\?|\{\?|\.or\(|orValue|\.optMap/],
  ['bindings and blocks', /cel\.|@index|@c:/],
  ['formatting and quoting', /\.format\(|strings\.quote|\.reverse\(/],
  ['mathematics', /math\./],
  ['named time zones', /get(?:\w+)\(['"]/],
  ['networks', /\b(?:net|ip|cidr|isIP|isCIDR)\b/],
];

function outside(test: Json, suite: string): string | undefined {
  if (Object.keys((test.bindings ?? {}) as Json).some((name) => name.includes('.'))) return 'containers';
  if (
    test.container !== undefined ||
    (test.typeEnv !== undefined && /message|wrapper/i.test(JSON.stringify(test.typeEnv)))
  )
    return 'containers';
  if (/uint64Value|bytesValue|objectValue|typeValue/i.test(JSON.stringify([test.value, test.bindings])))
    return 'bound types';
  if (test.checkOnly === true || test.typedResult !== undefined) return 'checking only';
  if (/macros2|optionals|block_ext|proto|network|type_deduction|enums|wrappers|namespace/.test(suite)) return 'suite';
  return OUTSIDE.find(([, pattern]) => pattern.test(String(test.expr)))?.[0];
}

function decoded(json: unknown): Value {
  const [kind, value] = Object.entries(json as Json)[0] ?? [];
  switch (kind) {
    case 'nullValue':
      return null;
    case 'boolValue':
    case 'stringValue':
      return value as Value;
    case 'int64Value':
      return BigInt(value as string);
    case 'doubleValue':
      return Number(value);
    case 'listValue':
      return (((value as Json).values as unknown[] | undefined) ?? []).map(decoded);
    case 'mapValue':
      return new Map(
        (((value as Json).entries as Json[] | undefined) ?? []).map(({ key, value }) => [
          decoded(key) as string,
          decoded(value),
        ]),
      );
  }
  throw new Error(`no value: ${JSON.stringify(json)}`);
}

/** Every case within what policies can say, and how many of the others there are for each reason. */
export function officialCases(): { cases: OfficialCase[]; left: Map<string, number> } {
  const cases: OfficialCase[] = [];
  const left = new Map<string, number>();
  const visit = (suite: Json, path: string) => {
    for (const inner of (suite.suites ?? []) as Json[]) visit(inner, `${path}/${String(inner.name)}`);
    for (const { original } of (suite.tests ?? []) as { original: Json }[]) {
      const why = outside(original, path);
      if (why !== undefined) {
        left.set(why, (left.get(why) ?? 0) + 1);
        continue;
      }
      const bindings = Object.entries((original.bindings ?? {}) as Record<string, Json>);
      cases.push({
        name: `${path}/${String(original.name)}: ${String(original.expr)}`,
        expr: String(original.expr),
        globals: new Map(bindings.map(([name, { value }]) => [name, decoded(value)])),
        expected:
          original.evalError !== undefined ? undefined : original.value === undefined ? true : decoded(original.value),
      });
    }
  };
  visit({ suites: [conformance] }, '');
  return { cases, left };
}
