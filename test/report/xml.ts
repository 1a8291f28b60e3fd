import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { validateXML } from 'xmllint-wasm';

const schema = readFileSync(new URL('./schemas/jenkins-junit.xsd', import.meta.url), 'utf8');

/** The errors that libxml2 reports for a JUnit report, by the schema of Jenkins. */
export async function junitErrors(xml: string): Promise<readonly string[]> {
  const { errors } = await validateXML({ xml, schema, initialMemoryPages: 512, maxMemoryPages: 4096 });
  return errors.map(({ message }) => message);
}

export async function validJunit(xml: string): Promise<void> {
  expect(await junitErrors(xml)).toEqual([]);
}
