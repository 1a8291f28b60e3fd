import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { pathToUri, renderSarif } from '../../../src/report/sarif/sarif.ts';
import { CALL_RULE, CONTEXT, file, finding, judged, mixed } from '../sample.ts';
import { validSarif } from '../validators.ts';

const locate = (_: unknown, path: string) => ({ uri: `models/${pathToUri(path)}` });

interface Log {
  runs: {
    tool: {
      driver: {
        rules: { id: string; properties: Record<string, unknown>; help: { text: string; markdown: string } }[];
      };
    };
    invocations: {
      executionSuccessful: boolean;
      toolExecutionNotifications: { level: string; message: { text: string } }[];
    }[];
    results: {
      ruleId: string;
      ruleIndex: number;
      level: string;
      message: { text: string };
      locations: { physicalLocation: { artifactLocation: { uri: string }; region?: { startLine: number } } }[];
      partialFingerprints: Record<string, string>;
    }[];
  }[];
}

function logOf(all: Parameters<typeof renderSarif>[0], options: Parameters<typeof renderSarif>[2] = { locate }) {
  const [run, ...others] = (validSarif(renderSarif(all, CONTEXT, options)) as Log).runs;
  if (run === undefined || others.length > 0) throw new Error('not one run');
  return run;
}

describe('a SARIF report', () => {
  it('equals the golden file and is valid against the schema of OASIS', async () => {
    const text = renderSarif([mixed()], CONTEXT, { locate });
    validSarif(text);
    await expect(text).toMatchFileSnapshot('../../golden/report.sarif');
  });

  it('gives each result a file, our own fingerprint, and a line only if the finding has one', () => {
    const { results } = logOf([mixed()]);
    for (const result of results) {
      const [location] = result.locations;
      expect(location?.physicalLocation.artifactLocation.uri).toMatch(/^models\/[\w./-]+$/);
      expect(result.partialFingerprints['assay/v1']).toMatch(/^[0-9a-f]{32}$/);
      const line = location?.physicalLocation.region?.startLine;
      expect(line).toBe(result.ruleId === 'format.extension.mismatch' ? 1 : undefined);
      expect('primaryLocationLineHash' in result.partialFingerprints).toBe(line === undefined);
    }
  });

  it('maps severities to levels and to the scale of GitHub, worst first', () => {
    const run = logOf([mixed()]);
    expect(run.results.map(({ ruleId, level }) => [ruleId, level])).toEqual([
      ['pickle.call.dangerous', 'error'],
      ['pickle.global.unlisted', 'warning'],
      ['verdict.unknown', 'warning'],
      ['format.extension.mismatch', 'note'],
      ['verdict.not-assessed', 'note'],
    ]);
    const scale = run.tool.driver.rules.map(({ id, properties }) => [id, properties['security-severity']]);
    expect(Object.fromEntries(scale)).toMatchObject({
      'pickle.call.dangerous': '9.0',
      'pickle.global.unlisted': '4.0',
    });
    for (const rule of run.tool.driver.rules) expect(rule.help.text.length).toBeGreaterThan(20);
    for (const { ruleId, ruleIndex } of run.results) expect(run.tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
  });

  it('contains a result for each file that is not clean, also without a finding', () => {
    const known = judged({ files: [file({ path: 'cut.pkl', verdict: 'unknown', reasons: ['it ends early'] })] });
    expect(logOf([known]).results).toMatchObject([
      { ruleId: 'verdict.unknown', message: { text: 'cut.pkl: File could not be fully read: it ends early' } },
    ]);
  });

  it('is one run for any number of targets, and marks an incomplete one', () => {
    const run = logOf([mixed(), judged({ status: 'incomplete' }), judged()]);
    expect(run.invocations[0]?.executionSuccessful).toBe(false);
    expect(run.results).toHaveLength(5);
  });

  it('anchors results to the line that the caller gives', () => {
    const run = logOf([mixed()], { locate: () => ({ uri: 'train.py', line: 12 }) });
    for (const { locations } of run.results) {
      expect(locations[0]?.physicalLocation).toEqual({
        artifactLocation: { uri: 'train.py' },
        region: { startLine: 12 },
      });
    }
  });

  it('keeps the 5,000 worst results and states how many it omits', () => {
    const low = Array.from({ length: 6000 }, (_, i) =>
      finding({ ...CALL_RULE, severity: 'low' }, { file: 'a', evidence: `${i}` }),
    );
    const run = logOf([
      judged({ files: [file({ path: 'a' })], findings: [...low, finding(CALL_RULE, { file: 'a' })] }),
    ]);
    expect(run.results).toHaveLength(5000);
    expect(run.results[0]?.level).toBe('error');
    expect(run.invocations[0]?.toolExecutionNotifications.at(-1)?.message.text).toBe(
      '1001 less severe results were left out',
    );
  });

  it('escapes text that would be a link', () => {
    const known = judged({
      findings: [finding(CALL_RULE, { file: 'model.pkl', message: '[click](https://evil.example)' })],
    });
    expect(logOf([known]).results[0]?.message.text).toBe('model.pkl: \\[click\\](https://evil.example)');
  });
});

describe('a SARIF report on GitHub', () => {
  const text = (over: Partial<Parameters<typeof finding>[1]>) =>
    logOf([judged({ findings: [finding(CALL_RULE, { file: 'm.pt', ...over })] })]).results[0]?.message.text;

  it('states the location, the problem and the evidence in one sentence', () => {
    const over = { member: 'archive/data.pkl', offset: 14, message: 'calls os.system', evidence: 'os.system("true")' };
    expect(text(over)).toBe('m.pt!archive/data.pkl, byte 14: calls os.system("true")');
    expect(text({ message: 'is odd', evidence: 'x' })).toBe('m.pt: is odd (x)');
    expect(text({ message: 'says x', line: 3, evidence: 'x' })).toBe('m.pt, line 3: says x');
  });

  it('has no region for byte offsets, nor for a line within an archive member', () => {
    const over = { file: 'm.zip', member: 'a.py', line: 3 };
    const [result] = logOf([judged({ findings: [finding(CALL_RULE, over)] })]).results;
    expect(result?.locations[0]?.physicalLocation).toEqual({ artifactLocation: { uri: 'models/m.zip' } });
    expect(result?.partialFingerprints.primaryLocationLineHash).toMatch(/^[0-9a-f]{32}:1$/);
  });

  it('distinguishes jobs, and links each rule to a page', () => {
    const run = (category?: string) =>
      logOf([mixed()], category === undefined ? { locate } : { locate, category }) as unknown as {
        automationDetails: { id: string };
        tool: { driver: { rules: { helpUri: string }[] } };
      };
    expect(run().automationDetails.id).toBe('assay/');
    expect(run('gpu tests/a').automationDetails.id).toBe('assay/gpu-tests-a/');
    for (const { helpUri } of run().tool.driver.rules) expect(helpUri).toMatch(/^https:\/\//);
  });

  it('stays within the limits of GitHub for any number of findings', () => {
    const hostile = '\u202e<img>\n'.repeat(2_000);
    const many = Array.from({ length: 26_000 }, (_, i) =>
      finding(CALL_RULE, {
        file: `d/${i}-${hostile.slice(0, 200)}`,
        message: hostile,
        evidence: hostile,
        member: hostile,
      }),
    );
    const log = renderSarif([judged({ findings: many })], CONTEXT, { locate });
    const run = logOf([judged({ findings: many })]);
    expect(run.results).toHaveLength(5_000);
    expect(gzipSync(log).length).toBeLessThan(10 * 1024 * 1024);
    for (const { locations } of run.results) expect(locations).toHaveLength(1);
    for (const { properties } of run.tool.driver.rules)
      expect((properties.tags as string[]).length).toBeLessThanOrEqual(20);
  });
});

describe('pathToUri', () => {
  it('encodes path segments and never leaves the folder', () => {
    expect(pathToUri('a b/ü#?%.bin')).toBe('a%20b/%C3%BC%23%3F%25.bin');
    expect(pathToUri('../x/./y')).toBe('%2E%2E/x/%2E/y');
    expect(pathToUri('\ud800')).toBe('%EF%BF%BD');
  });
});
