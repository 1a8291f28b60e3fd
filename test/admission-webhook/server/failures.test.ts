import { afterEach, describe, expect, it, vi } from 'vitest';
import { type HeldSnapshot, NO_CONFIG, namespaceRules } from '../../../admission-webhook/src/index.ts';
import { heldSnapshot, reviewOf } from '../decide/support.ts';
import { ask, reviewed, startWebhook } from './ground.ts';

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'thing' },
  spec: {
    containers: [
      { name: 'a', image: 'vllm/vllm-openai', args: ['--model', 'acme/llama', '--revision', 'a'.repeat(40)] },
    ],
  },
};
const UID = '705ab4f5-6393-11e8-b7cc-42010a800002';

afterEach(() => vi.useRealTimers());

/** A snapshot whose lookup throws, as a defect of ours would. */
async function broken(): Promise<HeldSnapshot> {
  const held = await heldSnapshot([]);
  if (held.kind === 'none') throw new Error('none');
  const index = Object.create(held.index, {
    meta: { value: held.index.meta },
    lookup: {
      value: () => {
        throw new TypeError('the table broke');
      },
    },
  });
  return { ...held, index };
}

describe('an internal error', () => {
  it('refuses where the webhook enforces, logs and counts the error, and never answers 500', async () => {
    const config = {
      ...NO_CONFIG,
      namespaces: [
        { names: ['trial'], mode: 'warn' as const },
        { names: ['look'], mode: 'audit' as const },
      ],
    };
    const webhook = await startWebhook({ snapshot: await broken(), config });
    vi.useFakeTimers({ toFake: ['performance'] });
    const asked = async (namespace: string) =>
      reviewed(
        await ask(`${webhook.url}/validate`, { ca: webhook.authority.cert, body: reviewOf(POD, { namespace }) }),
      );
    const answer = await asked('models');
    expect(answer).toMatchObject({ uid: UID, allowed: false, status: { code: 500 } });
    expect(answer.status?.message).not.toContain('table');
    expect(await asked('trial')).toMatchObject({ allowed: true, warnings: [expect.stringContaining('failed')] });
    const looked = await asked('look');
    expect(looked).toMatchObject({ allowed: true, auditAnnotations: { decision: 'audit', skipped: 'failed' } });
    expect(looked.warnings).toBeUndefined();
    const metrics = await (await fetch(`${webhook.serving.metricsUrl}/metrics`)).text();
    expect(metrics).toContain('assay_admission_errors_total 3');
    expect(webhook.told.join('\n')).toContain('the table broke');
    // The same defect a thousand times in a second does not fill the log.
    expect(webhook.told).toHaveLength(1);
    vi.advanceTimersByTime(999);
    await asked('models');
    expect(webhook.told).toHaveLength(1);
    vi.advanceTimersByTime(1);
    await asked('models');
    expect(webhook.told).toHaveLength(2);
    expect(JSON.parse(webhook.lines[0] ?? '')).toMatchObject({
      action: 'deny',
      skipped: 'failed',
      namespace: 'models',
      name: 'thing',
    });
  });

  it('in the webhook state itself refuses everything', async () => {
    const fails = () => {
      throw new Error('no state');
    };
    const webhook = await startWebhook({
      parts: {
        feed: { held: fails, health: () => ({ from: '', lastTried: null, lastGood: null, problem: null, floor: 0 }) },
      },
    });
    const answer = reviewed(await ask(`${webhook.url}/validate`, { ca: webhook.authority.cert, body: reviewOf(POD) }));
    expect(answer).toMatchObject({ uid: UID, allowed: false, status: { code: 500 } });
    expect((await ask(`${webhook.url}/healthz`, { method: 'GET', ca: webhook.authority.cert })).status).toBe(200);
    expect((await ask(`${webhook.url}/readyz`, { method: 'GET', ca: webhook.authority.cert })).status).toBe(503);
    expect((await ask(`${webhook.url}/metrics`, { method: 'GET', ca: webhook.authority.cert })).status).toBe(503);
  });
});

describe('a part that is not loaded yet', () => {
  it('is reported by /readyz, and nothing is approved until then', async () => {
    const namespaces = { labelsOf: () => undefined, synced: () => false, problem: () => 'the server is away' };
    const webhook = await startWebhook({ snapshot: { kind: 'none', why: 'no such file' }, parts: { namespaces } });
    const ready = await ask(`${webhook.url}/readyz`, { method: 'GET', ca: webhook.authority.cert });
    expect(ready.status).toBe(503);
    expect(ready.text).toBe(
      'no snapshot is loaded: no such file\nthe labels of namespaces are not loaded yet: the server is away\n',
    );
    const answer = reviewed(await ask(`${webhook.url}/validate`, { ca: webhook.authority.cert, body: reviewOf(POD) }));
    expect(answer).toMatchObject({ uid: UID, allowed: false, status: { code: 403 } });
    webhook.snapshots.held = await heldSnapshot([]);
    expect((await ask(`${webhook.url}/readyz`, { method: 'GET', ca: webhook.authority.cert })).text).toMatch(
      /^the labels/,
    );
    expect(namespaceRules(NO_CONFIG, () => undefined).ruleOf('x').mode).toBe('enforce');
  });
});
