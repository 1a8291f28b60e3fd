import { readFileSync } from 'node:fs';
import { podOf } from '../../workload/build.ts';
import { approved, decide, denied, gateOf, heldSnapshot, reviewOf, sha256 } from './support.ts';

// A namespace that enforces for production, the decisions that hold there, and the objects that are tried on it.

export const GOOD = '1'.repeat(40);
const WEIGHTS = 'd'.repeat(64);
/** An image that is approved to run. */
export const RUNS = `sha256:${'f'.repeat(64)}`;
export const GOOD_IMAGE = `registry.example/good/model@sha256:${WEIGHTS}`;

const BAD = '2'.repeat(40);

export interface Manifest {
  readonly id: string;
  /** A letter a class: A, E plain forms; B environment; C shells; D fillers; F volumes; G look-alikes; H other kinds; P, X approved beside others. */
  readonly cat: string;
  readonly expect: 'deny' | 'allow' | 'exception';
  readonly object: { readonly kind: string };
}

export const MANIFESTS: readonly Manifest[] = JSON.parse(
  readFileSync(new URL('../../../fixtures/admission-evasions/manifests.json', import.meta.url), 'utf8')
    .replaceAll('@GOOD@', GOOD)
    .replaceAll('@BAD@', BAD)
    .replaceAll('@WEIGHTS@', WEIGHTS)
    .replaceAll('@RUNS@', RUNS.slice(7)),
);

export async function production() {
  const refs = [`hf://good/model@${GOOD}`, `hf://good/lora@${GOOD}`, `oci://${GOOD_IMAGE}`];
  const bad = {
    model: 'bad/denied',
    digest: sha256('bad'),
    refs: [`hf://bad/denied@${BAD}`],
    reason: 'it was rejected',
  };
  const images = [{ digest: RUNS, notAfter: null }];
  const held = await heldSnapshot([...refs.map((ref) => approved(ref)), denied(bad)], { images });
  return gateOf(held, { defaults: { stage: 'production' } });
}

type State = Awaited<ReturnType<typeof production>>;

export function answerFor(object: object, state: State, more: Readonly<Record<string, unknown>> = {}) {
  return decide(reviewOf(object, more), state);
}

/** A Pod of one container, and what else its spec has. */
export function pod(container: object, spec: object = {}): object {
  return Object(podOf(container, spec));
}

/** vLLM as its publisher's image runs it, told the approved model. */
export function vllm(more: { readonly args?: readonly string[]; readonly [field: string]: unknown } = {}) {
  const args = ['--model', 'good/model', '--revision', GOOD, ...(more.args ?? [])];
  return { image: `vllm/vllm-openai@${RUNS}`, ...more, args };
}

export function runs(image: string, more: object = {}) {
  return { image: `${image}@${RUNS}`, ...more };
}
