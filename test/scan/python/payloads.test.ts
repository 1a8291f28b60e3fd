import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/core/random.ts';
import { textFacts } from '../../../src/scan/python/judge/index.ts';
import { judgeRepository } from '../../../src/scan/repository/judge.ts';
import type { CodeFact } from '../../../src/scan/scanner/code-facts.ts';
import { type PythonPayload, pythonPayload } from '../../support/python-payloads.ts';
import { SEED } from '../../support/seed.ts';

const PROGRAMS = Number(process.env.ASSAY_PYTHON_PAYLOADS ?? 400);

const ARMS: CodeFact = {
  kind: 'arming',
  by: 'auto_map',
  code: { kind: 'module', path: 'modeling', name: 'Model', ifPresent: false },
  call: 'AutoModel.from_pretrained("{}", trust_remote_code=True)',
  text: 'modeling.Model',
};

/** The verdict of a program that a configuration names, and of the same program where nothing does. */
function judged({ text }: PythonPayload): { readonly armed: string; readonly alone: string } {
  const fact = textFacts(text);
  const files = [
    { path: 'config.json', sha256: null, code: [{ member: undefined, fact: ARMS }] },
    { path: 'modeling.py', sha256: null, code: [{ member: undefined, fact }] },
  ];
  const verdicts = judgeRepository({ ref: 'hf://acme/model', files, approvals: [] }).map(({ verdict }) => verdict);
  const payload = fact.calls.some(({ grade }) => grade === 'payload');
  const alone = payload ? 'malicious' : 'none';
  if (payload || verdicts.includes('malicious')) return { armed: 'malicious', alone };
  return { armed: verdicts.includes('suspicious') ? 'suspicious' : 'none', alone };
}

describe('programs that are put together of sinks, decoders and ways between them', () => {
  const random = new SeededRandom(SEED);
  const all = Array.from({ length: PROGRAMS }, () => pythonPayload(random)).map((payload) => ({
    ...payload,
    ...judged(payload),
  }));

  it('are never below suspicious when a configuration names them', () => {
    expect(all.filter(({ armed }) => armed === 'none').map(({ name }) => name)).toEqual([]);
  });

  it.each([false, true])('are malicious when a configuration names them (held back: %s)', (held) => {
    const some = all.filter((one) => one.held === held);
    const missed = some.filter(({ armed }) => armed !== 'malicious').map(({ name }) => name);
    if (process.env.ASSAY_SHOW !== undefined) console.log(held, some.length, held ? missed.length : missed);
    expect(missed.length / some.length).toBeLessThanOrEqual(0.02);
  });

  it.each([false, true])('are malicious by themselves when they decode what they run (held back: %s)', (held) => {
    const some = all.filter((one) => one.held === held && one.hides);
    const missed = some.filter(({ alone }) => alone !== 'malicious').map(({ name }) => name);
    if (process.env.ASSAY_SHOW !== undefined) console.log(held, some.length, held ? missed.length : missed);
    expect(missed.length / some.length).toBeLessThanOrEqual(0.02);
  });
});
