import { describe, expect, it } from 'vitest';
import { complaint, policyOf, policyText, read } from './a-policy.ts';

describe('the compiler of expressions', () => {
  it.each([
    'files.all(f, f.verdict == "clean" && f.size >= 0)',
    'artifact.digest != null && artifact.digest.startsWith("sha256:")',
    'files.exists(f, f.sha256 == null)',
    'checks["integrity.checksum"].status in ["pass", "not-assessed"]',
    'signatures.all(s, s.signedAt == null || s.signedAt > now - duration("24h"))',
    'approvals.all(a, a.at < now)',
    "'region' in environment.labels && environment.labels.region == 'eu'",
    'findings.filter(f, f.severityRank >= 3).map(f, f.file).all(p, p.matches("^weights/"))',
    'declared.tags.exists_one(t, t.lowerAscii() == "a")',
    'files.map(f, f.format == "gguf", f.path).size() == 0 ? true : files[0].size > 1',
    '{"a": 1}["a"] == 1 && [1, 2].size() == 2 && size("text") > 0',
  ])('accepts %s', (expression) => {
    expect(complaint(expression)).toBeUndefined();
  });

  it.each([
    ['fles.size() == 0', 'fles does not exist; did you mean files?'],
    ['files.all(f, f.verdct == "clean")', 'a file has no field verdct; did you mean verdict?'],
    ['files.all(f, f.verdict == "clena")', '"clena" is never the value; did you mean clean?'],
    ['findings.all(f, f.severity in ["high", "critcal"])', '"critcal" is never the value; did you mean critical?'],
    ['files.size()', 'the expression must return true or false, but returns an integer'],
    ['files.size() == "1"', 'an integer is compared with text: they are never equal'],
    ['files.all(f, f.path)', 'this must be a boolean, but is text'],
    ['artifact.files.size() > 0', /size/],
    ['files.all(f, f.path.beginsWith("a"))', /the function beginsWith/],
    ['size(files', /\( is not closed; add \)/],
    ['files.size() = 1', '= is not allowed here; write =='],
    ['artifact.isPinned and artifact.isPinned', /expected an operator instead of and/],
    ['variables.nothing', 'no variable nothing is defined before this place'],
    ['variables', 'variables can only be used one by one; write variables.NAME'],
    ['files.path == "a"', 'a list has no fields'],
    ['files["a"] == null', /the index of a list is an integer, but this is text/],
    ['files[0]["path"] == "a"', /a file has fields; select a field with a point/],
    ['files < files', 'a list and a list cannot be ordered'],
    ['artifact.ref.matches("(")', /missing closing \)/i],
    ['artifact.ref.matches("(a{1000}){1000}")', /the pattern is too large/],
    ['files.size() == 1u', /policies do not support unsigned integers/],
    ['artifact.ref == b"a"', /policies do not support bytes/],
    ['google.protobuf.Duration{seconds: 1} == now', /policies do not support messages/],
    ['true ? "a" : "b"', 'the expression must return true or false, but returns text'],
  ])('refuses %s', (expression, message) => {
    if (typeof message === 'string') expect(complaint(expression)).toBe(message);
    else expect(complaint(expression)).toMatch(message);
  });

  it('refuses a variable before its definition, and reports an invalid one once', () => {
    expect(complaint('variables.b', { a: 'variables.b', b: 'true' })).toBe(
      'no variable b is defined before this place',
    );
    expect(read(policyText([{ expression: 'variables.a.size() == 0' }], { variables: { a: 'fles' } }))).toHaveLength(1);
  });

  it('checks the types of the other computed fields, too', () => {
    const one = (parts: object) => read(policyText([{ expression: 'artifact.isPinned', ...parts }]));
    expect(one({ when: 'files' })).toEqual([expect.stringContaining('must return true or false, but returns a list')]);
    expect(one({ messageExpression: 'files.size()' })).toEqual([expect.stringContaining('must return text')]);
    expect(one({ findings: 'files' })).toEqual([expect.stringContaining('must return a list of findings')]);
    expect(one({ findings: 'findings.filter(f, f.line != null)' })).not.toBeInstanceOf(Array);
  });
});

describe('the limit', () => {
  it.each([
    ['characters', `artifact.ref == "${'a'.repeat(4_096)}"`, 'has more than 4096 characters'],
    ['brackets', `${'('.repeat(60)}true${')'.repeat(60)}`, 'is nested more than 48 deep'],
    ['signs', `${'!'.repeat(500)}artifact.isPinned`, 'is nested more than 48 deep'],
    ['ternary operators', `${'true ? true : '.repeat(60)}true`, 'is nested more than 48 deep'],
    ['sums', `files.size() == 1${'+1'.repeat(250)}`, 'is nested more than 200 deep, operators in a row included'],
    ['parts', `files.size() in [${'1,'.repeat(1_000)}1]`, 'has more than 1000 parts'],
    [
      'walks',
      'files.all(a, files.all(b, files.all(c, files.all(d, d.size > 0))))',
      'loops over lists within lists more than 3 deep',
    ],
  ])('of %s is enforced', (_, expression, message) => {
    expect(complaint(expression)).toBe(`the expression ${message}; split it into variables`);
  });

  it('of chained selections is enforced without a stack overflow', () => {
    expect(complaint(`artifact${'.ref'.repeat(1_000)} == "a"`)).toMatch(/nested|text has no fields/);
    expect(complaint(`artifact.ref${'[0]'.repeat(1_000)} == "a"`)).toMatch(/nested|holds nothing/);
    expect(complaint(`files.size() == 1${'+1'.repeat(2_000)}`)).toMatch(/nested/);
    expect(complaint(`files.size() == 1${' + 1'.repeat(150)}`)).toBeUndefined();
  });

  it('of rules, variables and words is enforced', () => {
    const rules = Array.from({ length: 101 }, (_, i) => ({ id: `r${i}`, expression: 'artifact.isPinned' }));
    expect(read(policyText(rules))).toEqual([expect.stringContaining('validations has more than 100 items')]);
    expect(read(policyText(rules.slice(1)))).not.toBeInstanceOf(Array);
    const variables = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`v${i}`, '1']));
    expect(read(policyText(rules.slice(0, 1), { variables }))).toEqual([
      expect.stringContaining('variables has more than 64 items'),
    ]);
    const formats = Array.from({ length: 201 }, () => 'gguf');
    expect(read(policyText(rules.slice(0, 1), { match: { formats } }))).toEqual([
      expect.stringContaining('formats has more than 200 items'),
      expect.stringContaining('formats is empty'),
    ]);
  });
});

describe('a compiled policy', () => {
  it('lists the variables that a rule uses, also indirectly', () => {
    const policy = policyOf(
      policyText([{ expression: 'variables.b' }], {
        variables: { a: 'files.size()', b: 'variables.a > 0', c: 'true' },
      }),
    );
    expect([...(policy.rules[0]?.uses ?? [])].sort()).toEqual(['a', 'b']);
  });

  it('has the digest of its bytes', () => {
    const text = policyText([{ expression: 'artifact.isPinned' }]);
    expect(policyOf(text).digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(policyOf(`${text}\n`).digest).not.toBe(policyOf(text).digest);
  });
});
