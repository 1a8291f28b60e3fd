import { basename, isAbsolute, posix } from 'node:path';
import { AssayError, version } from '../../core/index.ts';
import { TRAINING_BUILD_TYPE, type TrainingInput, type TrainingPredicate } from '../../core/lineage/index.ts';
import { signStatement } from '../../integrity/attestations/index.ts';
import { isSignatureError } from '../../integrity/envelope/index.ts';
import type { PayloadSigner } from '../../integrity/sign/index.ts';
import { createStatement } from '../../integrity/statements/index.ts';
import type { Entity, HashedHandFile, LineageInputs, SaidRelation } from '../../provenance/lineage/index.ts';
import type { AssessedLineage } from './lineage.ts';

/** Whoever signs says that the run was so; nothing here has seen it run. */
const BUILDER = 'https://assay.dev/data/v1';

const ADDRESS = /^[a-z][a-z0-9+.-]*:\S*$/;

/**
 * Signs what a training run was given: the digests that were computed here, and what documents say of the run. The statement is about the
 * files of the model.
 * @returns the Sigstore bundle, as the text of its file
 * @throws AssayError `usage` without a model or data, for data that a document names and that is not at hand, and for base models and code
 *   without a digest; `mismatch` when a document contradicts the bytes; what the signer throws
 */
export async function attestTraining({ inputs, check }: AssessedLineage, signer: PayloadSigner): Promise<string> {
  const { model } = inputs;
  if (model === null) throw refusal('the model is not at hand', 'give it: --model');
  if (check.status === 'fail')
    throw new AssayError('mismatch', `cannot be attested: ${check.detail}`, { subject: 'the training run' });
  const predicate = trainingPredicate(inputs);
  try {
    const statement = createStatement('training', {
      model: model.files.map(({ path, sha256 }) => ({ path, sha256 })),
      predicate,
    });
    return `${JSON.stringify(await signStatement(statement, signer))}\n`;
  } catch (cause) {
    if (!isSignatureError(cause)) throw cause;
    throw new AssayError('unsupported', `the training run cannot be attested: ${cause.message}`, { cause });
  }
}

function trainingPredicate(inputs: LineageInputs): TrainingPredicate {
  const claims = inputs.documents.flatMap((document) => document.claims);
  const of = (relation: SaidRelation['relation']) => [
    ...new Set(claims.flatMap((claim) => (claim.relation === relation ? [claim.to] : []))),
  ];
  const [run, ...others] = [...new Set(of('trained by').map(({ name }) => name))];
  const hyperparameters = Object.assign({}, ...inputs.documents.map((document) => document.hyperparameters));
  const all = distinct([
    ...dataOf(inputs, of('trained on'), of('tested on')),
    ...of('started from').map((entity) => inputOf('base', entity, inputs)),
    ...of('ran').map((entity) => inputOf('code', entity, inputs)),
  ]);
  return {
    buildDefinition: {
      buildType: TRAINING_BUILD_TYPE,
      externalParameters: {
        ...(run === undefined || others.length > 0 ? {} : { run }),
        ...(Object.keys(hyperparameters).length === 0 ? {} : { hyperparameters }),
      },
      resolvedDependencies: all.map(({ role, name, uri, digests }) => ({
        name,
        ...(uri === null ? {} : { uri }),
        digest: digests,
        annotations: { role },
      })),
    },
    runDetails: { builder: { id: BUILDER, version: { assay: version() } } },
  };
}

/** The data that was given, and what documents say that the run had: all of it has to be at hand. */
function dataOf(
  inputs: LineageInputs,
  trained: readonly Entity[],
  tested: readonly Entity[],
): readonly TrainingInput[] {
  const sources = sourcesOf(inputs);
  const given = new Map(inputs.data.map((file) => [file.sha256, file]));
  const listed = trained.flatMap((entity) => {
    const found = inputs.found.get(entity);
    const files = found?.kind === 'file' ? [found.file] : found?.kind === 'folder' ? found.files : [];
    const same = entity.digests.flatMap(({ hex }) => given.get(hex) ?? []);
    const own = files.length > 0 ? files : same;
    if (own.length === 0)
      throw refusal(
        `${entity.name} is named as data of the run, and is not at hand`,
        'give its files, or leave out the document that names it',
      );
    return own.map((file) => dataInput(file, nameOf(file.path), addressOf(entity)));
  });
  const known = new Set([...listed.map(({ digests }) => digests.sha256), ...testedOnly(inputs, tested)]);
  const others = inputs.data.filter(({ sha256 }) => !known.has(sha256));
  const all = [
    ...listed,
    ...others.map((file) => dataInput(file, nameOf(file.path), sources.get(file.sha256) ?? null)),
  ];
  if (all.length === 0) throw refusal('no data is at hand', 'give the files of the data');
  return all;
}

function testedOnly({ found }: LineageInputs, tested: readonly Entity[]): readonly string[] {
  return tested.flatMap((entity) => {
    const there = found.get(entity);
    return there?.kind === 'file' ? [there.file.sha256] : [];
  });
}

function dataInput({ sha256 }: HashedHandFile, name: string, uri: string | null): TrainingInput {
  return { role: 'data', name, uri, digests: { sha256 } };
}

/** Where a folder lies on this machine is nobody's affair. */
function nameOf(path: string): string {
  const plain = posix.normalize(path);
  return isAbsolute(plain) || plain.startsWith('../') ? basename(plain) : plain;
}

function addressOf({ uri }: Entity): string | null {
  return uri !== null && ADDRESS.test(uri) ? uri : null;
}

/** Addresses of files by their SHA-256: their own, or that of the data set that they are a part of. */
function sourcesOf({ documents, found }: LineageInputs): ReadonlyMap<string, string> {
  const sources = new Map<string, string>();
  for (const { entities, claims } of documents) {
    const wholes = new Map(
      claims.flatMap(({ from, relation, to }) => (relation === 'derives from' ? [[to, from]] : [])),
    );
    for (const entity of entities) {
      const whole = wholes.get(entity);
      const address = addressOf(entity) ?? (whole === undefined ? null : addressOf(whole));
      const there = found.get(entity);
      const sha256 =
        there?.kind === 'file'
          ? there.file.sha256
          : entity.digests.find(({ algorithm }) => algorithm === 'sha256')?.hex;
      if (address !== null && sha256 !== undefined && !sources.has(sha256)) sources.set(sha256, address);
    }
  }
  return sources;
}

function inputOf(role: 'base' | 'code', entity: Entity, { found }: LineageInputs): TrainingInput {
  const there = found.get(entity);
  const said = entity.digests.filter(({ algorithm }) => algorithm === 'sha256' || algorithm === 'gitCommit');
  const digests =
    there?.kind === 'file'
      ? { sha256: there.file.sha256 }
      : Object.fromEntries(said.map(({ algorithm, hex }) => [algorithm, hex]));
  if (Object.keys(digests).length === 0) {
    const hint = 'give its sha256 or its gitCommit in a training manifest (docs/provenance.md)';
    throw refusal(`${entity.name} is named as ${role === 'base' ? 'a base model' : 'code'}, without a digest`, hint);
  }
  return { role, name: entity.name, uri: addressOf(entity), digests };
}

function distinct(inputs: readonly TrainingInput[]): readonly TrainingInput[] {
  return [...new Map(inputs.map((input) => [JSON.stringify([input.role, input.name, input.digests]), input])).values()];
}

function refusal(message: string, hint: string): AssayError {
  return new AssayError('usage', message, { subject: '--attest', hint });
}
