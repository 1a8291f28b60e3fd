import type { Check } from '../../core/assessment/index.ts';
import type { LineageEdge } from '../../core/lineage/index.ts';
import type { Edges } from './edges.ts';
import { type LineageInputs, MODEL } from './graph.ts';

const ID = 'data.provenance';
/** Edges that one message names. */
const MAX_NAMED = 3;

/**
 * Whether a trusted signer attests that this model was trained on this data. It passes when a run that wrote the whole model is verified,
 * and each file of data that is at hand is among what that run had; it fails for any contradiction.
 */
export function provenanceCheck(edges: Edges, { model, data, trainings }: LineageInputs): Check {
  const broken = edges.all().filter(({ status }) => status === 'mismatched');
  if (broken.length > 0) return { id: ID, status: 'fail', detail: named(broken.map((edge) => sentence(edges, edge))) };
  const open = (detail: string): Check => ({ id: ID, status: 'not-assessed', detail });
  if (trainings.length === 0)
    return open('no trusted signer attests a training run: give its statement (--attestation)');
  if (model === null) return open('the model is not at hand: give it (--model)');
  const runs = edges.from(MODEL, 'trained by').filter(({ status }) => status === 'verified');
  if (runs.length === 0) return open(`no attested run wrote the whole of ${model.name}`);
  for (const { to, why } of runs) {
    if (to === null) continue;
    const had = edges.from(to, 'trained on').filter(({ status }) => status === 'verified');
    const known = new Set(had.flatMap((edge) => (edge.to === null ? [] : [edge.to])));
    const left = data.filter(({ sha256 }) => !known.has(`sha256:${sha256}`));
    if (left.length > 0) return open(`the run is not said to have had ${named(left.map(({ path }) => path))}`);
    const what = data.length === 0 ? 'none of it at hand' : `${data.length} of them at hand`;
    return { id: ID, status: 'pass', detail: `${why}: ${edges.nameOf(to)} had ${files(known.size)} of data, ${what}` };
  }
  return open('no attested run says what data it had');
}

function files(count: number): string {
  return count === 1 ? '1 file' : `${count} files`;
}

function sentence(edges: Edges, { from, why, documents }: LineageEdge): string {
  return `${edges.nameOf(from)} ${why}${documents.length === 0 ? '' : ` (${documents.join(', ')})`}`;
}

function named(texts: readonly string[]): string {
  const more = texts.length - MAX_NAMED;
  return `${texts.slice(0, MAX_NAMED).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}
