import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { whyActive } from '../../../src/workload/posture/script.ts';

const inert = fc.constantFrom(
  'sleep 1',
  'nslookup db.ns.svc',
  'nc -z db 5432',
  'true',
  ':',
  'test -f /x/y',
  '[ -d /x ]',
  'echo waiting for db',
  'until nc -z db 1; do sleep 1; done',
  'if true; then sleep 1; else false; fi',
  'while ! pg_isready -h db; do sleep 1; done',
  'sleep 1 >/dev/null 2>&1',
  'exec sleep infinity',
);
const between = fc.constantFrom(';', '\n', ' && ', ' || ', ' ; ');
const active = fc.oneof(
  fc.constantFrom(
    'vllm serve evil/model',
    'sh',
    'eval x',
    '. /x',
    'source /x',
    'python3 /x.py',
    '/x',
    'A=b true',
    'sleep',
    'sleep 1 2',
  ),
  fc.constantFrom(
    'echo $X',
    'echo `x`',
    'echo ~',
    'echo *',
    'true # x',
    '(true)',
    '{ true; }',
    'f() true',
    'true & true',
    'true | sh',
  ),
  fc.constantFrom(
    'echo x >/x',
    'sh </x',
    'true >/dev/null:x',
    'true >/dev/nullx',
    'true 2>&10',
    'echo "a',
    "echo 'a",
    'echo a\\',
    'for x in a; do true; done',
  ),
  fc.stringMatching(/^x[a-z]{1,8}$/),
);

describe('a script', () => {
  it('of inert commands is inert', () => {
    fc.assert(
      fc.property(fc.array(inert, { minLength: 1, maxLength: 6 }), between, (commands, separator) => {
        expect(whyActive(commands.join(separator))).toBeUndefined();
      }),
    );
  });

  it('with anything else among them is active, wherever it stands', () => {
    fc.assert(
      fc.property(
        fc.array(inert, { maxLength: 4 }),
        fc.array(inert, { maxLength: 4 }),
        active,
        between,
        (before, after, one, separator) => {
          expect(whyActive([...before, one, ...after].join(separator))).toEqual(expect.any(String));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('of any characters is read without an error, and a byte beyond the limit is not', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(['string', 'undefined']).toContain(typeof whyActive(text));
      }),
    );
    expect(whyActive(`sleep 1${' '.repeat(4_089)}`)).toBeUndefined();
    expect(whyActive(`sleep 1${' '.repeat(4_090)}`)).toMatch(/more than 4096/);
  });
});
