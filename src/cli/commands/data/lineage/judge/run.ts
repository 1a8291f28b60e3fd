import type { Check } from '../../../../../core/assessment/index.ts';
import { type Artifact, AssayError, type OnEvent } from '../../../../../core/index.ts';
import type { AttestedTraining } from '../../../../../core/lineage/index.ts';
import { readGivenEvidence } from '../../../../../pipeline/judging/index.ts';
import {
  type AskBase,
  type AssessedLineage,
  assessLineage,
  attestTraining,
  givenFiles,
} from '../../../../../pipeline/lineage/index.ts';
import { jsonText } from '../../../../../report/index.ts';
import { openArtifact } from '../../../../../sources/index.ts';
import { withRegistry } from '../../../../registry/index.ts';
import { signingWay } from '../../../../signing/index.ts';
import { openSink, Progress, type Shell } from '../../../../terminal/index.ts';
import type { LineageRequest } from '../request.ts';
import { lineageText } from './text.ts';

/** What is printed, and where. */
export interface Printed {
  readonly format: 'text' | 'json';
  readonly output: string | undefined;
  readonly quiet: boolean;
}

/** Judges lineage alone. A contradiction is recorded as a denial. */
export async function runLineage(
  datasets: readonly string[],
  request: LineageRequest,
  { format, output, quiet }: Printed,
  shell: Shell,
): Promise<void> {
  const sink = await openSink(output, shell);
  const progress = new Progress(shell, !quiet);
  let assessed: AssessedLineage;
  try {
    assessed = await judgedLineage(datasets, request, { quiet, onEvent: progress.onEvent }, shell);
  } finally {
    progress.end();
  }
  const { check, lineage } = assessed;
  sink.write(
    format === 'json' ? `${jsonText({ schemaVersion: '1', checks: [check], lineage }, 2)}\n` : lineageText(assessed),
  );
  await sink.commit();
  if (check.status === 'fail') shell.exit(1);
}

/**
 * Judges the lineage of data that is at hand, and signs it if that is asked.
 * @param only SHA-256 of the files that count, where others lie beside them; all, when absent
 */
export async function judgedLineage(
  datasets: readonly string[],
  request: LineageRequest,
  { quiet, onEvent, only }: { readonly quiet: boolean; readonly onEvent: OnEvent; readonly only?: ReadonlySet<string> },
  shell: Shell,
): Promise<AssessedLineage> {
  const { manifests, model, attest, offline } = request;
  const { signal, env } = shell;
  const { trainings, invalid } = await attested(request, shell);
  const bundle = attest === undefined ? undefined : await openSink(attest.file, shell, '--attest');
  // A key that cannot be used is said before anything is hashed.
  const way = attest === undefined ? undefined : await signingWay(attest.signing, shell);
  let artifact: Artifact | undefined;
  try {
    artifact = model === undefined ? undefined : await openArtifact(model, { signal, env, offline });
    const options = {
      data: givenFiles(datasets),
      only,
      manifests,
      model: artifact,
      trainings,
      signal,
      onEvent,
    };
    const assessed = await asking(request, shell, (askBase) => assessLineage({ ...options, askBase }));
    if (way !== undefined) {
      bundle?.write(await attestTraining(assessed, way.signer));
      await bundle?.commit();
      if (!quiet) shell.stderr.write(`Signed: the training run, by ${way.who()}\n`);
    }
    return invalid === undefined ? assessed : { ...assessed, check: invalid };
  } finally {
    await artifact?.close();
    await way?.close();
  }
}

/** Works with the registry that is asked for base models, if one is. */
async function asking<T>(
  { registry: place, offline }: LineageRequest,
  shell: Shell,
  work: (ask: AskBase | undefined) => Promise<T>,
): Promise<T> {
  if (place === undefined) return await work(undefined);
  if (offline && place.url !== undefined)
    throw new AssayError('usage', 'opens a connection', { subject: '--registry-url', hint: 'leave out --offline' });
  const { keptBases } = await import('./bases.ts');
  let done: { readonly value: T } | undefined;
  await withRegistry(place, shell, { verb: 'assay data' }, async (registry) => {
    done = { value: await work(keptBases(registry)) };
  });
  if (done !== undefined) return done.value;
  throw new AssayError('refused', 'the registry does not answer for base models', { subject: 'assay data' });
}

/** An attestation that is not valid is not passed over: whoever gave it relies on it. */
async function attested(
  { attestations: attestation, trust }: LineageRequest,
  { env }: Shell,
): Promise<{ readonly trainings: readonly AttestedTraining[]; readonly invalid: Check | undefined }> {
  if (attestation.length === 0) return { trainings: [], invalid: undefined };
  const choice = { waivers: [], attestation, ...(trust === undefined ? {} : { trust }) };
  // Waivers of the environment are about models.
  const given = await readGivenEvidence(choice, { ...env, ASSAY_WAIVERS: '' }, new Date());
  const faults = given.attestations.filter(({ standing }) => standing === 'invalid').map(({ detail }) => detail);
  const detail = faults.join('; ');
  return {
    trainings: given.training,
    invalid: faults.length === 0 ? undefined : { id: 'data.provenance', status: 'fail', detail },
  };
}
