import { basename } from 'node:path';
import type { Check } from '../../core/assessment/index.ts';
import { readSmallFile } from '../../core/bytes/index.ts';
import { type Artifact, AssayError } from '../../core/index.ts';
import type { AttestedTraining, DataLineage } from '../../core/lineage/index.ts';
import {
  type AskBase,
  followBases,
  joinLineage,
  type LineageInputs,
  MANIFEST_BOUNDS,
  provenanceCheck,
  readLineageDocument,
} from '../../provenance/lineage/index.ts';
import { type HandOptions, hashHand, hashModel, type PlacedDocument } from './hand.ts';

export interface LineageOptions extends HandOptions {
  /** Files of the data that is at hand, as they were given. */
  readonly data: readonly string[];
  /** SHA-256 of those that count, where others lie beside them; all, when absent. */
  readonly only?: ReadonlySet<string> | undefined;
  /** Documents about the data, as they were given. */
  readonly manifests: readonly string[];
  /** The model at hand, which stays open. */
  readonly model?: Artifact | undefined;
  /** What trusted signers attest. */
  readonly trainings?: readonly AttestedTraining[];
  /** Answers for base models. */
  readonly askBase?: AskBase | undefined;
}

export interface AssessedLineage {
  readonly lineage: DataLineage;
  /** `data.provenance`. */
  readonly check: Check;
  /** What was hashed and read, for a statement about it. */
  readonly inputs: LineageInputs;
}

/** CWE-770: each is read whole. */
const MAX_MANIFESTS = 100;

/**
 * Hashes a model and its data, reads what documents say of them, and joins both with what trusted signers attest.
 * @throws AssayError about a file that was given: `not-found`, `unreadable`, `unsupported`, `malformed`, `limit`, `changed`; `aborted`
 */
export async function assessLineage(options: LineageOptions): Promise<AssessedLineage> {
  const { data, only, manifests, model: artifact, trainings = [], askBase } = options;
  const documents = await readManifests(manifests);
  const files = artifact === undefined ? undefined : await hashModel(artifact, options);
  const { data: all, found } = await hashHand(data, documents, options);
  const counted = all.filter(({ sha256 }) => only?.has(sha256) !== false);
  const model = artifact === undefined || files === undefined ? null : { name: basename(artifact.ref), files };
  const inputs = { model, data: counted, found, documents: documents.map(({ document }) => document), trainings };
  const edges = joinLineage(inputs);
  if (askBase !== undefined) await followBases(edges, askBase);
  return { lineage: edges.done(), check: provenanceCheck(edges, inputs), inputs };
}

async function readManifests(paths: readonly string[]): Promise<readonly PlacedDocument[]> {
  if (paths.length > MAX_MANIFESTS) {
    const hint = 'give the documents of this data alone';
    throw new AssayError('usage', `was given more than ${MAX_MANIFESTS} times`, { subject: '--manifest', hint });
  }
  const documents: PlacedDocument[] = [];
  for (const path of paths) {
    const { bytes } = await readSmallFile(path, '--manifest', MANIFEST_BOUNDS.maxBytes);
    documents.push({ document: await readLineageDocument(bytes, path), path });
  }
  return documents;
}
