import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assess } from '../../../src/pipeline/assess.ts';
import { fakeFile } from '../../support/fake-hub.ts';
import { HubHarness } from '../../support/hub-harness.ts';

let harness: HubHarness;
beforeEach(async () => {
  harness = await HubHarness.start();
});
afterEach(() => harness.close());

/** As the API of the Hub says it, with `expand=true`. */
const security = (status: string, scans: Record<string, string> = {}) => ({
  status,
  avScan: { status: 'safe', virusFound: false, virusNames: null },
  pickleImportScan: null,
  ...Object.fromEntries(Object.entries(scans).map(([name, own]) => [name, { status: own }])),
});

async function findingsOf(status: unknown) {
  harness.repo.commit([fakeFile('config.json', '{"model_type": "bert"}', { security: status })]);
  const artifact = await harness.open();
  const { findings, files } = await assess(artifact);
  await artifact.close();
  return {
    findings: findings.map(({ ruleId, severity, message }) => ({ ruleId, severity, message })),
    verdict: files[0]?.verdict,
  };
}

describe('a file of the Hub', () => {
  it('that its scanners call unsafe has a finding, which names them', async () => {
    const { findings, verdict } = await findingsOf(security('unsafe', { protectAiScan: 'unsafe', jFrogScan: 'safe' }));
    const message = 'The Hub gives this file the status "unsafe" (protectAi).';
    expect(findings).toEqual([{ ruleId: 'hub.verdict.unsafe', severity: 'high', message }]);
    expect(verdict).toBe('clean');
  });

  it.each(['suspicious', 'caution', 'a status of tomorrow'])(
    'of the status %s has one of less weight',
    async (status) => {
      const { findings } = await findingsOf(security(status));
      expect(findings.map(({ ruleId, severity }) => [ruleId, severity])).toEqual([['hub.verdict.suspicious', 'low']]);
    },
  );

  it.each([
    ['safe', security('safe')],
    ['not scanned', security('unscanned')],
    ['waiting', security('queued')],
    ['without a status', null],
    ['of another answer', 'safe'],
    ['of a broken answer', { status: 7 }],
  ])('that is %s has none', async (_, status) => {
    expect((await findingsOf(status)).findings).toEqual([]);
  });

  it('is judged no more mildly when the Hub calls it safe', async () => {
    const payload = Buffer.from('\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85R.', 'latin1');
    harness.repo.commit([fakeFile('model.pkl', payload, { security: security('safe') })]);
    const artifact = await harness.open();
    const { files } = await assess(artifact);
    await artifact.close();
    expect(files[0]?.verdict).toBe('malicious');
  });
});
