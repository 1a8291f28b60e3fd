import { beforeAll, describe, expect, it } from 'vitest';
import { reviewResponse, type WebhookState } from '../../../admission-webhook/src/index.ts';
import { approved, decide, gateOf, heldSnapshot, NOW, RECORDED, recorded } from './support.ts';

const GOLDEN = new URL('../../golden/admission/', import.meta.url);

/** Everything pinned in the recorded reviews that is approved. */
const REFS = [
  'hf://meta-llama/Llama-3.1-8B-Instruct@0e9e39f249a16976918f6564b8830bc894c89659',
  'hf://mistralai/Mistral-7B-v0.1@27d67f1b5f57dc0953326b2601d68371d40ea8da',
  'hf://org/model@0e9e39f249a16976918f6564b8830bc894c89659',
];

describe('reviews recorded from a real API server, under a snapshot that approves some models', () => {
  let state: WebhookState;
  beforeAll(async () => {
    const report = 'https://assay.example/models/x/1';
    const snapshot = await heldSnapshot(REFS.map((ref) => approved(ref, { report })));
    state = gateOf(snapshot, {}, { serviceUrl: 'https://assay.example' });
  });

  it('are all listed', () => expect(RECORDED).toHaveLength(26));

  it.each(RECORDED)('get the recorded decision: %s', async (name) => {
    const answer = decide(recorded(name), state);
    const record = { ...answer.record, durationMs: 0 };
    expect(record.time).toBe(NOW.toISOString());
    const told = { response: reviewResponse(answer, record.uid).response, record };
    await expect(`${JSON.stringify(told, null, 2)}\n`).toMatchFileSnapshot(new URL(name, GOLDEN).pathname);
  });

  it('are refused unless they load no model or every model is approved', () => {
    const allowed = RECORDED.filter((name) => decide(recorded(name), state).allowed);
    expect(allowed).toEqual([
      'create_apps_statefulsets_tgi.json',
      'create_core_pods_gen-m42n4_dry.json',
      'delete_core_pods_imgvol.json',
      'delete_serving.kserve.io_inferenceservices_isvc.json',
      'update_apps_deployments_scale_vllm.json',
      'update_apps_deployments_vllm.json',
      'update_core_pods_ephemeralcontainers_triton.json',
    ]);
  });
});
