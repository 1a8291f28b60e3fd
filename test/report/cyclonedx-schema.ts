import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Ajv } from 'ajv';
import addFormatsModule from 'ajv-formats';
import { expect } from 'vitest';

const library = dirname(createRequire(import.meta.url).resolve('@cyclonedx/cyclonedx-library/package.json'));

function load(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(library, 'res/schema', `${name}.SNAPSHOT.schema.json`), 'utf8'));
}

export const SPDX_IDS: readonly unknown[] = [load('spdx').enum].flat();

const ajv = new Ajv({ allErrors: true, strict: false });
addFormatsModule.default(ajv);
ajv.addFormat('iri-reference', (text) => URL.canParse(text, 'https://base.example'));
ajv.addFormat('idn-email', true);
for (const name of ['spdx', 'jsf-0.82', 'cryptography-defs'])
  ajv.addSchema(load(name), `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`);
const isBom = ajv.compile(load('bom-1.6'));

export function bomErrors(bom: unknown): readonly unknown[] {
  return isBom(bom) ? [] : (isBom.errors ?? []);
}

/** Parses a CycloneDX document, and fails the test if it violates the official schema or has a dangling reference. */
export function validBom(text: string): unknown {
  const bom: unknown = JSON.parse(text);
  expect(bomErrors(bom)).toEqual([]);
  const defined: string[] = [];
  const used: string[] = [];
  for (const [key, value] of stringsOf(bom)) {
    if (key === 'bom-ref') defined.push(value);
    else if (REFERENCES.has(key)) used.push(value);
  }
  expect(new Set(defined).size).toBe(defined.length);
  const known = new Set(defined);
  expect(used.filter((ref) => !known.has(ref))).toEqual([]);
  return bom;
}

/** Properties that hold a bom-ref, or a list of them. */
const REFERENCES: ReadonlySet<string> = new Set(
  'ref assemblies assessor requirement claims counterClaims target evidence counterEvidence'.split(' '),
);

/** Every string of a document, with its property. */
function* stringsOf(value: unknown, key = ''): Generator<[key: string, value: string]> {
  if (typeof value === 'string') yield [key, value];
  else if (Array.isArray(value)) for (const item of value) yield* stringsOf(item, key);
  else if (typeof value === 'object' && value !== null)
    for (const [name, inner] of Object.entries(value)) yield* stringsOf(inner, name);
}
