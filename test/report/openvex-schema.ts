import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import { expect } from 'vitest';

const text = { type: 'string' };
const uri = { type: 'string', format: 'uri' };
const time = { type: 'string', format: 'date-time' };

function object(properties: Record<string, object>, required: readonly string[] = []) {
  return { type: 'object', properties, required, additionalProperties: false };
}

function list(items: object, more: object = {}) {
  return { type: 'array', uniqueItems: true, items, ...more };
}

function texts(names: string): Record<string, object> {
  return Object.fromEntries(names.split(' ').map((name) => [name, text]));
}

const part = {
  '@id': uri,
  identifiers: object(texts('purl @cpe22 @cpe23')),
  hashes: object(
    texts('md5 sha1 sha-256 sha-384 sha-512 sha3-224 sha3-256 sha3-384 sha3-512 blake2s-256 blake2b-256 blake2b-512'),
  ),
};

const JUSTIFICATIONS = [
  'component_not_present',
  'vulnerable_code_not_present',
  'vulnerable_code_not_in_execute_path',
  'vulnerable_code_cannot_be_controlled_by_adversary',
  'inline_mitigations_already_exist',
];

function when(status: string, then: object) {
  return { if: { properties: { status: { const: status } } }, then };
}

const statement = {
  ...object(
    {
      '@id': uri,
      version: { type: 'integer', minimum: 1 },
      vulnerability: object({ '@id': uri, name: text, description: text, aliases: list(text) }, ['name']),
      timestamp: time,
      last_updated: time,
      products: list(object({ ...part, subcomponents: list(object(part)) })),
      status: { enum: ['not_affected', 'affected', 'fixed', 'under_investigation'] },
      supplier: text,
      status_notes: text,
      justification: { enum: JUSTIFICATIONS },
      impact_statement: text,
      action_statement: text,
      action_statement_timestamp: time,
    },
    ['vulnerability', 'status'],
  ),
  allOf: [
    when('not_affected', { oneOf: [{ required: ['justification'] }, { required: ['impact_statement'] }] }),
    when('affected', { required: ['action_statement'] }),
  ],
};

/**
 * The constraints of openvex_json_schema_0.2.0.json of github.com/openvex/spec, one by one, in our own
 * words: no package of npm or PyPI contains that file.
 */
const document = object(
  {
    '@context': uri,
    '@id': uri,
    author: text,
    role: text,
    timestamp: time,
    last_updated: time,
    version: { type: 'integer', minimum: 1 },
    tooling: text,
    statements: list(statement, { minItems: 1 }),
  },
  ['@context', '@id', 'author', 'timestamp', 'version', 'statements'],
);

const ajv = new Ajv2020({ allErrors: true, strict: false });
addFormatsModule.default(ajv);
const isDocument = ajv.compile(document);

export function vexErrors(vex: unknown): readonly unknown[] {
  return isDocument(vex) ? [] : (isDocument.errors ?? []);
}

/** Parses an OpenVEX document, and fails the test if it violates the schema of OpenVEX. */
export function validVex(text: string) {
  const vex = JSON.parse(text);
  expect(vexErrors(vex)).toEqual([]);
  return vex;
}
