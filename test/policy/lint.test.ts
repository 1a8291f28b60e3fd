import { describe, expect, it } from 'vitest';
import { lintPolicy } from '../../src/policy/lint.ts';
import type { KnownWords } from '../../src/policy/strange-words.ts';
import { policyOf, policyText } from './a-policy.ts';

const WORDS: KnownWords = {
  formats: ['pickle', 'safetensors', 'gguf'],
  rules: ['pickle.call.dangerous', 'zip.symlink'],
  checks: ['integrity.checksum', 'integrity.signature'],
};
const PRODUCTION = { match: { stages: ['staging', 'production'] } };

function warnings(...args: Parameters<typeof policyText>): string[] {
  return lintPolicy(policyOf(policyText(...args)), WORDS).warnings.map(({ message }) => message);
}

const about = (expression: string, more = {}) => warnings([{ expression }], more);

describe('a rule that can never fire is reported:', () => {
  it.each([
    'true',
    '1 == 1 || files.size() == 0',
    'artifact.isPinned || !false',
    'files.size() >= 0',
    'size(files) > -1',
    '0 <= findings.size()',
    'true ? 2 > 1 : artifact.isPinned',
    "source.kind != 'hf' || source.kind != 's3'",
    "files.all(f, f.verdict != 'clean' || f.verdict != 'unknown')",
    "!files.exists(f, f.verdict == 'clean' && f.verdict == 'unknown')",
    "'a' in ['a', 'b']",
  ])('%s', (expression) => {
    expect(about(expression)).toEqual(['rule can never fire: its expression is always true']);
  });

  it('for artifacts that pass match', () => {
    expect(about("environment.stage in ['staging', 'production', 'test']", PRODUCTION)).toEqual([
      'rule can never fire: its expression is always true for artifacts that match selects',
    ]);
    expect(about("environment.stage in ['staging', 'test']", PRODUCTION)).toEqual([]);
    expect(about("source.kind == 'hf'", { match: { sources: ['hf'] } })).toHaveLength(1);
  });
});

describe('a rule that always fires is reported:', () => {
  it.each([
    'false',
    'artifact.isPinned && false',
    'files.size() < 0',
    "source.kind == 'hf' && source.kind == 's3'",
    '!(files.size() >= 0)',
  ])('%s', (expression) => {
    expect(about(expression)).toEqual(['rule always fires: its expression is always false']);
  });
});

describe('no problem is reported for', () => {
  it.each([
    'artifact.isPinned',
    'files.size() > 0',
    'files.size() >= 1',
    "source.kind == 'hf' || source.kind == 's3'",
    "source.kind != 'hf' && source.kind != 's3'",
    // With a file of each, neither expression is constant.
    "files.exists(f, f.verdict == 'clean') && files.exists(f, f.verdict == 'unknown')",
    "files.all(f, f.verdict == 'clean') || files.all(f, f.verdict == 'unknown')",
    // A missing key denies.
    "environment.labels.region != 'eu' || environment.labels.region != 'us'",
    "checks['integrity.checksum'].status != 'fail' || checks['integrity.checksum'].status != 'error'",
    // There is no file.
    'files.all(f, false)',
  ])('%s', (expression) => {
    expect(about(expression)).toEqual([]);
  });
});

describe('a warning is given for', () => {
  it('a condition that is never met', () => {
    expect(warnings([{ expression: 'artifact.isPinned', when: "environment.stage == 'dev'" }], PRODUCTION)).toEqual([
      'rule never applies: its when is always false for artifacts that match selects',
    ]);
    expect(warnings([{ expression: 'artifact.isPinned', when: 'false' }])).toEqual([
      'rule never applies: its when is always false',
    ]);
  });

  it('a rule that repeats another, however it is spaced', () => {
    const rules = [
      { id: 'a', expression: 'files.size()>0' },
      { id: 'b', expression: '( files . size() ) > 0' },
      { id: 'c', expression: 'files.size() > 0', when: 'artifact.isPinned' },
    ];
    expect(warnings(rules)).toEqual(['b repeats a']);
  });

  it('a variable that no rule uses, directly or through another variable', () => {
    const variables = { a: '1', b: 'variables.a + 1', c: '3' };
    expect(warnings([{ expression: 'files.size() > variables.b' }], { variables })).toEqual([
      'the variable c is not used',
    ]);
  });

  it.each([
    ["files.all(f, f.format != 'pickel')", 'this version does not have the format pickel'],
    ["files.all(f, !('pickel' == f.format))", 'this version does not have the format pickel'],
    ["files.all(f, f.format in ['gguf', 'safetensor'])", 'this version does not have the format safetensor'],
    [
      "!findings.exists(f, f.ruleId == 'pickle.cal.dangerous')",
      'this version does not have the rule pickle.cal.dangerous',
    ],
    ["!('integrity.checksm' in checks)", 'this version does not have the check integrity.checksm'],
    ["checks['integrity.signatur'].status == 'pass'", 'this version does not have the check integrity.signatur'],
  ])('an unknown word: %s', (expression, message) => {
    expect(about(expression)).toEqual([message]);
  });

  it('an unknown word in a variable and in match', () => {
    const variables = { good: "['ggfu']" };
    expect(about('files.all(f, f.format in variables.good)', { variables })).toEqual([
      'this version does not have the format ggfu',
    ]);
    const [found] = lintPolicy(
      policyOf(policyText([{ expression: 'artifact.isPinned' }], { match: { formats: ['ggfu'] } })),
      WORDS,
    ).warnings;
    expect(found).toMatchObject({
      message: 'this version does not have the format ggfu',
      hint: 'did you mean gguf?',
      line: 9,
    });
  });

  it('no known word, and no word when the vocabulary is not given', () => {
    const expression = "files.all(f, f.format in ['gguf'] && f.path == 'pickel') && !('format.gguf.scan' in checks)";
    expect(about(expression)).toEqual([]);
    expect(lintPolicy(policyOf(policyText([{ expression: "files.all(f, f.format == 'x')" }]))).warnings).toEqual([]);
  });
});

describe('a note is given for data that this version cannot produce:', () => {
  it.each([
    ["checks['serving.theft'].status == 'pass'", 'checks of how a model is served (checks serving.*)'],
    ["checks.all(id, !id.startsWith('provenance.'))", 'checks of training data (checks provenance.*)'],
  ])('%s', (expression, missing) => {
    const { warnings: none, notes } = lintPolicy(policyOf(policyText([{ expression }])), WORDS);
    expect(none).toEqual([]);
    expect(notes.map(({ message }) => message)).toEqual([
      `rule denies: it asks for ${missing}, which this version cannot produce`,
    ]);
  });
});
