import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { firstVersion, knownOperator, operatorLists, operatorSet } from '../../../src/scan/onnx/operators.ts';
import { findPython, requirePart } from '../../support/parts.ts';
import { canImport, runProgram } from '../../support/run-program.ts';

const HOW = 'python3 -m venv .venv && .venv/bin/pip install -r fixtures/python/requirements-ci.txt';
const python = findPython();
const DESCRIBE = `
import json, onnx
print(json.dumps([[s.domain, s.name, s.since_version] for s in onnx.defs.get_all_schemas_with_history()]))
`;

it('lists no operator of which something dangerous is known', () => {
  const listed = Object.entries(operatorLists().sets).flatMap(([domain, { operators }]) =>
    Object.keys(operators).map((name) => [domain, name] as const),
  );
  expect(listed.length).toBeGreaterThan(400);
  expect(listed.filter(([domain, name]) => knownOperator(domain, name) !== undefined)).toEqual([]);
  for (const name of ['EPContext', 'Snpe', 'PythonOp', 'TritonOp', 'ATen'])
    expect(firstVersion('com.microsoft', name), name).toBeUndefined();
});

it('says which programs have its operators', () => {
  const file = JSON.parse(readFileSync('src/scan/onnx/operators.json', 'utf8'));
  expect(file.seen).toEqual({ onnx: ['1.23.2'], onnxruntime: ['1.22.1', '1.32.0'] });
});

it('takes no name of JavaScript for an operator', () => {
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
    expect(firstVersion('', name)).toBeUndefined();
    expect(operatorSet(name)).toBeUndefined();
  }
});

requirePart('onnx package', await canImport(python, 'onnx'), HOW, 'the list of operators', () => {
  it('has each that the onnx package has, from that version on, or an older one of the runtime', async () => {
    const ran = await runProgram(python ?? '', ['-c', DESCRIBE]);
    const schemas = JSON.parse(ran.stdout) as [string, string, number][];
    expect(schemas.length).toBeGreaterThan(600);
    const first = new Map<string, number>();
    for (const [domain, name, since] of schemas) {
      const key = `${domain}\n${name}`;
      first.set(key, Math.min(since, first.get(key) ?? since));
    }
    for (const [key, since] of first) {
      const [domain = '', name = ''] = key.split('\n');
      expect(firstVersion(domain, name), key).toBeLessThanOrEqual(since);
    }
  });
});
