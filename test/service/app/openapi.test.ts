import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { expect, test } from 'vitest';
import { openapiDocument } from '../../../src/service/openapi-document.ts';

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly unknown[];
  readonly parameters?: readonly ({
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
  } & Example)[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Example>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Example>> }>>;
  readonly 'x-assay-access': { readonly kind: string };
}

interface Example {
  readonly schema?: object;
  readonly example?: unknown;
}

/** Snapshots are signed, and SARIF has a standard of its own. */
const JSON_TYPES = ['application/json', 'application/problem+json'];

const document = (await openapiDocument()) as Document;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, path, operation })),
);

test('the OpenAPI document equals test/golden/openapi.json (after a build, `node scripts/openapi.mjs test/golden/openapi.json` writes it)', () => {
  const golden: unknown = JSON.parse(readFileSync(new URL('../../golden/openapi.json', import.meta.url), 'utf8'));
  expect(JSON.parse(JSON.stringify(document))).toEqual(golden);
});

test('the OpenAPI document is valid OpenAPI 3.1, and each of its schemas a JSON Schema of draft 2020-12', () => {
  expect(document.openapi).toBe('3.1.0');
  const ajv = new Ajv2020({ strict: false });
  formats.default(ajv);
  ajv.addSchema({ $id: 'document', components: document.components });
  const schemas = operations.flatMap(({ name, operation }) => [
    ...contents(name, operation.requestBody),
    ...Object.entries(operation.responses).flatMap(([status, one]) => contents(`${name} ${status}`, one)),
  ]);
  expect(schemas.length).toBeGreaterThan(operations.length);
  for (const [name, schema] of schemas) {
    const resolved = JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"document#/components'));
    expect(() => ajv.compile(resolved), name).not.toThrow();
  }
});

test('every parameter, JSON body and JSON answer has an example, which its own schema takes', () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema({ $id: 'document', components: document.components });
  const wrong: string[] = [];
  let examples = 0;
  const check = (name: string, { schema, example }: Example) => {
    examples++;
    const resolved = JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"document#/components'));
    if (example === undefined) wrong.push(`${name}: no example`);
    else if (!ajv.validate(resolved, example)) wrong.push(`${name}: ${ajv.errorsText()}: ${JSON.stringify(example)}`);
  };
  for (const { name, operation } of operations) {
    for (const one of operation.parameters ?? []) check(`${name} ${one.name}`, one);
    const parts = [['body', operation.requestBody] as const, ...Object.entries(operation.responses)];
    for (const [part, described] of parts)
      for (const [type, one] of Object.entries(described?.content ?? {}))
        if (JSON_TYPES.includes(type) && one.schema !== undefined) check(`${name} ${part}`, one);
  }
  expect(wrong).toEqual([]);
  expect(examples).toBeGreaterThan(300);
});

test('every operation has an id that no other one has, which a program can use as a name', () => {
  const ids = operations.map(({ operation }) => operation.operationId ?? 'none');
  expect(ids.filter((id) => !/^(?:get|head|post|put|patch|delete)[A-Za-z0-9]+$/.test(id))).toEqual([]);
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
  expect(ids).toContain('getVersionsByIdReport');
});

function contents(
  name: string,
  part: { readonly content?: Readonly<Record<string, { readonly schema?: object }>> } | undefined,
) {
  return Object.values(part?.content ?? {}).flatMap(({ schema }) =>
    schema === undefined ? [] : [[name, schema] as const],
  );
}

test.each(operations.map((one) => [one.name, one] as const))(
  '%s has a summary, a tag, its path parameters and its responses',
  (_name, { path, operation }) => {
    expect(operation.summary).toMatch(/^[A-Z].{3,}/);
    expect(operation.tags).toHaveLength(1);
    const parameters = [...path.matchAll(/\{(\w+|\*)\}/g)].map(([, name]) => name);
    const described = (operation.parameters ?? []).filter((one) => one.in === 'path').map(({ name }) => name);
    expect(described.sort()).toEqual(parameters.sort());
    expect(Object.keys(operation.responses).some((status) => /^[23]/.test(status))).toBe(true);
    expect(operation.responses.default?.content).toHaveProperty(['application/problem+json']);
    if (operation['x-assay-access'].kind === 'public') expect(operation.security).toEqual([]);
    else expect(operation.security).toBeUndefined();
  },
);

test('request bodies and our responses take no properties but the named ones', () => {
  const open = operations.flatMap(({ name, operation }) => [
    ...contents(name, operation.requestBody).flatMap(([, schema]) => openObjects(schema)),
    ...Object.values(operation.responses)
      .flatMap((one) => contents(name, one))
      .flatMap(([, schema]) => (isClosed(schema) ? [] : [name])),
  ]);
  // Responses of the Hub's own API have whatever fields the Hub gives them.
  expect(open.filter((name) => !name.startsWith('GET /hub/'))).toEqual([]);
});

function isClosed(schema: object): boolean {
  return !('type' in schema) || schema.type !== 'object' || 'additionalProperties' in schema;
}

/** The objects within a body that take any property. */
function openObjects(schema: unknown, at = 'body'): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = 'type' in schema && schema.type === 'object' && !('additionalProperties' in schema) ? [at] : [];
  return [...own, ...Object.entries(schema).flatMap(([name, value]) => openObjects(value, `${at}/${name}`))];
}
