import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assemble, global, type Instruction, text } from '../../support/pickle-asm.ts';
import { scanPickleBytes } from '../../support/scan-pickle-bytes.ts';

const FIXTURES = new URL('../../../fixtures', import.meta.url).pathname;
const UNLISTED = join(FIXTURES, 'unlisted');
const NUMBERS = join(FIXTURES, 'benign/joblib/1.1.1/numbers-as-instructions.joblib.joblib');

async function judged(bytes: Uint8Array) {
  const { verdict, findings } = await scanPickleBytes(bytes);
  return [verdict, ...new Set(findings.map(({ ruleId }) => ruleId))];
}

const assembled = (...program: Instruction[]) => judged(assemble(['PROTO', 4], ...program, 'STOP'));

describe('a file of an unlisted library', () => {
  const files = readdirSync(UNLISTED, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(?:pkl|joblib)$/.test(name),
  );

  it.each(files)('is suspicious and names the unlisted globals: %s', async (file) => {
    const [verdict, ...rules] = await judged(readFileSync(join(UNLISTED, file)));
    expect(verdict).toBe('suspicious');
    expect(rules).toContain('pickle.global.unlisted');
  });

  it('is malicious when a dangerous member is called in it', async () => {
    const file = readFileSync(join(UNLISTED, 'dask/2026.8.0/column.p2.pkl')).toString('latin1');
    expect(file).toContain('X\x0c\x00\x00\x00_reconstruct');
    const changed = Buffer.from(file.replace('X\x0c\x00\x00\x00_reconstruct', 'X\x06\x00\x00\x00system'), 'latin1');
    expect(await judged(changed)).toContain('pickle.call.computed');
  });
});

describe('array data of joblib that reads like a call', () => {
  const file = readFileSync(NUMBERS);
  const at = file.indexOf(')R0)R.');
  /** The file with other opcodes in the rest of its array data, with the same number of bytes. */
  const withNumbers = (instructions: string) => {
    const changed = Buffer.from(file);
    changed.fill(0, at, at + 16);
    changed.write(instructions, at, 'latin1');
    return changed;
  };

  it('is treated as array data', async () => {
    expect(await judged(file)).toEqual(['clean']);
  });

  it.each([
    // BUILD with a slots state: N, a dict, a tuple of both.
    ['its class was changed by a slots state', "(N}S'a'\nK\x00stb)R.", 'pickle.call.computed'],
    ['what a call returned is called', ')R)R.', 'pickle.call.computed'],
    ['another name is imported', 'cos\nx\n)R.', 'pickle.global.dangerous'],
  ])('is a call when %s', async (_, instructions, rule) => {
    expect(instructions.length).toBeLessThanOrEqual(16);
    const [verdict, ...rules] = await judged(withNumbers(instructions));
    expect(verdict).toBe('malicious');
    expect(rules).toContain(rule);
  });

  it('is a call when it follows the array', async () => {
    const called = Buffer.concat([file.subarray(0, at), Buffer.alloc(16), Buffer.from(')R'), file.subarray(at + 16)]);
    expect(await judged(called)).toContain('pickle.call.computed');
  });

  it.each([
    ['of another module', 'evil.numpy_pickle'],
    ['of another package', 'joblib.numpy_pickle_compat'],
  ])('is a call when it follows a marker %s', async (_, module) => {
    const marker = [global(module, 'NumpyArrayWrapper'), 'EMPTY_TUPLE', 'NEWOBJ'] satisfies Instruction[];
    expect(await assembled(...marker, 'EMPTY_TUPLE', 'REDUCE')).toContain('pickle.call.computed');
  });
});

describe('the factory of a defaultdict', () => {
  const GAUSSIAN = 'river.naive_bayes.gaussian';
  const SPLITTER = 'river.tree.splitter.ebst_splitter';
  const factory = (...of: Instruction[]) => assembled(global('collections', 'defaultdict'), ...of, 'TUPLE1', 'REDUCE');
  const member = (module: string, name: string, method: string): Instruction[] => [
    global('builtins', 'getattr'),
    global(module, name),
    text(method),
    'TUPLE2',
    'REDUCE',
  ];

  it.each([
    ['a method that creates an empty object', ['clean'], [global(GAUSSIAN, 'GaussianNB._make_gaussian')]],
    [
      'a method that creates an empty object, as protocol 2 writes it',
      ['clean'],
      member(GAUSSIAN, 'GaussianNB', '_make_gaussian'),
    ],
    [
      'a method that models store in another place',
      ['suspicious', 'pickle.contract.unexpected'],
      [global(SPLITTER, 'EBSTNode._update_estimator_univariate')],
    ],
    [
      'a method that models store in another place, as protocol 2 writes it',
      ['suspicious', 'pickle.contract.unexpected'],
      member(SPLITTER, 'EBSTNode', '_update_estimator_univariate'),
    ],
    [
      'a method that no model stores',
      ['malicious', 'pickle.contract.broken'],
      member(GAUSSIAN, 'GaussianNB', 'learn_one'),
    ],
    ['a function', ['malicious', 'pickle.contract.broken'], [global('numpy', 'log')]],
  ] satisfies [string, string[], Instruction[]][])(
    'gets the expected verdict when it is %s',
    async (_, expected, of) => {
      const [verdict, rule] = await factory(...of);
      expect([verdict, rule].slice(0, expected.length)).toEqual(expected);
    },
  );
});
