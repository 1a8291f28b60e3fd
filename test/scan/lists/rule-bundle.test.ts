import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SEVERITIES } from '../../../src/core/assessment/severity.ts';
import { isAssayError } from '../../../src/core/errors.ts';
import { listedGlobals, shippedAllowlists } from '../../../src/scan/lists/allowlists.ts';
import { createGlobalPolicy } from '../../../src/scan/lists/globals.ts';
import { parseRuleBundle, type RuleBundle } from '../../../src/scan/lists/rule-bundle.ts';
import { BUILT_IN_LISTS, listsWith } from '../../../src/scan/lists/rule-lists.ts';
import { compareVersions } from '../../../src/scan/lists/ruleset-version.ts';
import { RULES } from '../../../src/scan/rules/catalogue.ts';
import { checkBundle } from '../../../src/scan/rules/rule-bundle-check.ts';
import { rulesetOf } from '../../../src/scan/rules/ruleset.ts';
import { ADVISED, applyLists } from '../../../src/scan/rules/ruleset-apply.ts';
import { assessment, file, finding, UNLISTED_RULE } from '../../report/sample.ts';

const RUNS = Number(process.env.ASSAY_FUZZ_RUNS ?? 300);
const DIGEST = `sha256:${'12'.repeat(32)}`;
const CONTEXT = { now: new Date('2026-12-01T00:00:00Z'), program: '0.1.0' };

type Listed = RuleBundle['allowlists'][string]['globals'][number];

function list(...globals: Listed[]): RuleBundle['allowlists'][string] {
  return { tier: 'organisation', library: 'acme', script: '', versions: ['1.0'], globals };
}

function bundle(over: Partial<RuleBundle> = {}): RuleBundle {
  return {
    version: '2027.1.1',
    issued: '2026-11-30T00:00:00Z',
    minimumProgram: '0.1.0',
    allowlists: { acme: list(['acme.tokens', 'Table', 'import call new build', '1.0']) },
    dangerous: { modules: {}, globals: {} },
    severities: {},
    advisories: [],
    ...over,
  };
}

function fault(over: Partial<RuleBundle>): string {
  try {
    checkBundle(bundle(over), 'rules', CONTEXT);
    return '';
  } catch (error) {
    if (isAssayError(error) && error.code === 'usage') return error.message;
    throw error;
  }
}

function parse(json: unknown): RuleBundle {
  return parseRuleBundle(new TextEncoder().encode(JSON.stringify(json)), 'rules');
}

describe('the payload of a rule bundle', () => {
  it('is parsed', () => {
    const full = bundle({
      expires: '2027-06-01T00:00:00Z',
      dangerous: { modules: { 'acme.shell': 'runs programs' }, globals: { 'acme:run': 'runs programs' } },
      severities: { [UNLISTED_RULE.id]: 'critical' },
      advisories: [{ id: 'ACME-1', title: 'steals', url: 'https://acme.example/1', sha256: ['ab'.repeat(32)] }],
    });
    expect(parse(full)).toEqual(full);
  });

  it.each([
    ['an unknown field', { ...bundle(), prefixes: ['acme.'] }],
    ['an invalid version', bundle({ version: 'latest' })],
    ['an invalid time', bundle({ expires: '2027-01-31' })],
    ['a pattern', bundle({ allowlists: { acme: list(['acme', '*', 'import', '']) } })],
    ['an invalid use', bundle({ allowlists: { acme: list(['acme', 'A', 'run', '']) } })],
    ['no uses', bundle({ allowlists: { acme: list(['acme', 'A', '', '']) } })],
    ['a path as the name of a list', bundle({ allowlists: { '../x': list() } })],
    [
      'a URL without TLS',
      bundle({ advisories: [{ id: 'A', title: 't', url: 'http://x', sha256: ['ab'.repeat(32)] }] }),
    ],
    ['an invalid digest', bundle({ advisories: [{ id: 'A', title: 't', sha256: ['ab'] }] })],
    ['no content', null],
    ['a list', []],
  ])('is refused with %s', (_, json) => {
    expect(() => parse(json)).toThrow(/is not a valid rule bundle/);
  });

  it('is refused with a repeated property', () => {
    const text = JSON.stringify(bundle()).replace('{', '{"severities":{"pickle.call.computed":"critical"},');
    expect(() => parseRuleBundle(new TextEncoder().encode(text), 'rules')).toThrow(/names "severities" twice/);
  });

  it('gives rules or an error for any text', () => {
    const text = JSON.stringify(bundle());
    const mutated = fc
      .tuple(fc.nat(text.length), fc.nat(30), fc.string({ maxLength: 10 }))
      .map(([at, cut, put]) => new TextEncoder().encode(text.slice(0, at) + put + text.slice(at + cut)));
    const values = fc
      .jsonValue()
      .map((value) => new TextEncoder().encode(JSON.stringify({ ...bundle(), allowlists: value })));
    fc.assert(
      fc.property(fc.oneof(mutated, values, fc.uint8Array()), (bytes) => {
        try {
          const read = parseRuleBundle(bytes, 'rules');
          checkBundle(read, 'rules', CONTEXT);
          listsWith(read, DIGEST);
        } catch (error) {
          if (!isAssayError(error) || error.code === 'internal') throw error;
        }
      }),
      { numRuns: RUNS },
    );
  });
});

describe('a validly signed rule bundle', () => {
  it.each([
    ['has expired', { expires: '2026-12-01T00:00:00Z' }, 'expired'],
    ['is for a newer program', { minimumProgram: '0.2.0' }, 'need version 0.2.0'],
    [
      'lists os.system',
      { allowlists: { a: list(['os', 'system', 'call', '']) } },
      'allow os.system for the use call, although it runs programs',
    ],
    [
      'lists os.system by its Python 2 name',
      { allowlists: { a: list(['__builtin__', 'eval', 'call', '']) } },
      'allow __builtin__.eval for the use call, although it',
    ],
    [
      'lists a name below a dangerous module',
      { allowlists: { a: list(['torch', 'ops.load_library', 'call', '']) } },
      'allow torch.ops.load_library for the use call',
    ],
    [
      'lists a name that it calls dangerous',
      {
        allowlists: { a: list(['acme', 'run', 'call', '']) },
        dangerous: { modules: {}, globals: { 'acme:run': 'runs programs' } },
      },
      'calls dangerous',
    ],
    [
      'drops a contract',
      { allowlists: { 'scikit-learn': list(['sklearn.neighbors.ball_tree', 'newObj', 'call', '']) } },
      'without the contract',
    ],
    [
      'names an unknown contract',
      { allowlists: { a: list(['acme', 'A', 'call', '', 'contract']) } },
      'with a contract',
    ],
    [
      'gives a name with a contract another use',
      { allowlists: { a: list(['builtins', 'getattr', 'call new', '', 'contract']) } },
      'for the use new',
    ],
    ['lowers a severity', { severities: { 'pickle.call.computed': 'low' as const } }, 'lower the severity'],
    ['sets the severity of an unknown rule', { severities: { 'no.such.rule': 'high' as const } }, 'does not know'],
  ])('is refused when it %s', (_, over, message) => {
    const said = fault(over);
    expect(said).not.toBe('');
    expect(said).toContain(message);
  });

  it('is refused when it lists a guarded name with a use that the program does not give it', () => {
    const dangerous = [...listedGlobals().values()].map(({ module, name }) => [module, name] as const);
    const names = fc.oneof(
      fc.constantFrom(...dangerous),
      fc.constantFrom(['os', 'popen'] as const, ['posix', 'system'] as const, ['subprocess', 'Popen'] as const),
      fc.tuple(
        fc.constantFrom('os', 'sys', 'importlib', 'builtins', 'nt', 'commands', '__builtin__'),
        fc.constantFrom('a', 'exec', 'path.x'),
      ),
    );
    const uses = fc.subarray(['import', 'call', 'new', 'build', 'items'], { minLength: 1 });
    fc.assert(
      fc.property(names, uses, fc.boolean(), ([module, name], said, withContract) => {
        const entry: Listed = withContract
          ? [module, name, said.join(' '), '', 'contract']
          : [module, name, said.join(' '), ''];
        if (fault({ allowlists: { a: list(entry) } }) !== '') return;
        const shipped = BUILT_IN_LISTS.listed(module, name);
        const guarded = BUILT_IN_LISTS.dangerOf(module, name) !== undefined || shipped?.contract !== undefined;
        if (guarded) for (const use of said) expect([...(shipped?.uses ?? [])]).toContain(use);
        const merged = listsWith(bundle({ allowlists: { a: list(entry) } }), DIGEST).listed(module, name);
        expect(merged?.contract).toBe(shipped?.contract);
      }),
      { numRuns: RUNS },
    );
  });

  it('removes no contract by omitting entries of a list', () => {
    const allowlists = Object.fromEntries([...shippedAllowlists()].map(([name]) => [name, list()] as const));
    for (const [name] of shippedAllowlists()) {
      const { [name]: only } = allowlists;
      if (only === undefined) throw new Error('no list');
      const one = bundle({ allowlists: { [name]: only } });
      if (fault(one) !== '') continue;
      const lists = listsWith(one, DIGEST);
      const changed = [...lists.entries()].filter(
        ({ module, name, contract }) => contract !== BUILT_IN_LISTS.listed(module, name)?.contract,
      );
      expect(changed).toEqual([]);
    }
    expect(fault({ allowlists })).toBe('');
  });

  it('can contain the unchanged lists of the program', () => {
    const allowlists = JSON.parse(JSON.stringify(Object.fromEntries(shippedAllowlists())));
    expect(fault(parse(bundle({ allowlists })))).toBe('');
  });
});

describe('the rules with a bundle', () => {
  const global = (module: string, name: string) => ({ module, name, mapped: false });

  it('contain its lists, which change the digest', () => {
    const lists = listsWith(bundle(), DIGEST);
    expect(createGlobalPolicy().standing(global('acme.tokens', 'Table')).kind).toBe('unlisted');
    expect(createGlobalPolicy({ lists }).standing(global('acme.tokens', 'Table')).kind).toBe('listed');
    expect(createGlobalPolicy({ lists }).standing(global('collections', 'OrderedDict')).kind).toBe('listed');
    const [before, after] = [rulesetOf([]), rulesetOf([], lists)];
    expect(after.version).toBe('2027.1.1');
    expect(after.digest).not.toBe(before.digest);
    expect(rulesetOf([], listsWith(bundle(), `sha256:${'34'.repeat(32)}`)).digest).not.toBe(after.digest);
  });

  it('replace a shipped list of the same name', () => {
    const lists = listsWith(bundle({ allowlists: { joblib: list() } }), DIGEST);
    const array = global('joblib.numpy_pickle', 'NumpyArrayWrapper');
    expect(createGlobalPolicy().standing(array).kind).toBe('listed');
    expect(createGlobalPolicy({ lists }).standing(array).kind).toBe('unlisted');
  });

  it('exclude a listed name that the bundle calls dangerous, and keep built-in dangerous names', () => {
    const dangerous = { modules: {}, globals: { 'joblib.numpy_pickle:NumpyArrayWrapper': 'was found to run code' } };
    const lists = listsWith(bundle({ dangerous }), DIGEST);
    const policy = createGlobalPolicy({ lists });
    expect(policy.standing(global('joblib.numpy_pickle', 'NumpyArrayWrapper'))).toEqual({
      kind: 'dangerous',
      danger: 'was found to run code',
    });
    expect(policy.standing(global('os', 'system')).kind).toBe('dangerous');
  });

  it('make a file of an advisory malicious, and raise severities', () => {
    const sha256 = 'ef'.repeat(32);
    const one = assessment({
      files: [file({ path: 'a.bin', sha256 }), file({ path: 'b.bin' })],
      findings: [finding(UNLISTED_RULE, { file: 'b.bin' })],
    });
    const advisories = [{ id: 'ACME-1', title: 'steals keys', url: 'https://acme.example/1', sha256: [sha256] }];
    const lists = listsWith(bundle({ advisories, severities: { [UNLISTED_RULE.id]: 'critical' } }), DIGEST);
    const applied = applyLists(one, lists);
    expect(applied.files.map(({ verdict }) => verdict)).toEqual(['malicious', 'clean']);
    expect(applied.findings).toMatchObject([
      { ruleId: ADVISED.id, severity: 'critical', file: 'a.bin' },
      { ruleId: UNLISTED_RULE.id, severity: 'critical' },
    ]);
    expect(applied.findings[0]?.message).toContain('ACME-1');
    expect(applyLists(one, BUILT_IN_LISTS)).toBe(one);
    expect(RULES.get(ADVISED.id)).toBe(ADVISED);
    expect(SEVERITIES).toContain(ADVISED.severity);
  });
});

describe('ruleset versions', () => {
  it.each([
    ['2026.12.1', '2026.11.9', 1],
    ['2026.2.0', '2026.11.0', -1],
    ['2026.11', '2026.11.0.0', 0],
    ['2026.11.1.1', '2026.11.1', 1],
  ])('compare %s with %s by their numbers', (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign);
    expect(Math.sign(compareVersions(b, a))).toBe(-sign || 0);
  });
});
