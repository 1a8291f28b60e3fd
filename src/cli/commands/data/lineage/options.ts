import type { Command } from 'commander';
import { AssayError } from '../../../../core/index.ts';
import { addSigningOptions, asksToSign, type SigningFlags, signingChoice } from '../../../options/index.ts';
import type { LineageRequest } from './request.ts';

/** The flags of lineage among others. */
export interface LineageFlags extends SigningFlags {
  readonly attestData?: string;
  readonly provenance: boolean;
  readonly manifest: readonly string[];
  readonly model?: string;
  readonly attestation: readonly string[];
  readonly trust?: string;
  readonly attest?: string;
  readonly registry?: string;
  readonly registryUrl?: string;
  readonly tokenFile?: string;
}

export const LINEAGE_GUIDE = `
Where the data came from, and which model was trained on it (docs/provenance.md):
    data.provenance              a trusted signer attests that this model was trained on this data (--model, --attestation, --trust)
--manifest takes Croissant, .dvc and dvc.lock, CycloneDX, SPDX 3, MLflow, model cards, in-toto statements and training manifests: what they say is
compared with the bytes, and is a claim. --attest signs which data the model was trained on, by the digests that were computed here.
  assay data --provenance train.parquet --model model.onnx --manifest training.yaml --attest run.intoto.json --private-key ci.key
  assay data --provenance train.parquet --model model.onnx --attestation run.intoto.json --trust trust.yaml
  assay scan model.onnx --attestation run.intoto.json --trust trust.yaml
`;

export function addLineageOptions(command: Command): Command {
  command
    .option('--provenance', 'look at where the data came from alone; its files may be of any format', false)
    .option('--manifest <file>', 'a document about the data or its model (repeatable)', collect, [])
    .option('--model <artifact>', 'the model that was trained on the data')
    .option(
      '--attestation <file>',
      'a signed training run (repeatable); its signer must be in the trust file',
      collect,
      [],
    )
    .option('--trust <file>', 'who may sign training runs and checks of data (YAML; default: $ASSAY_TRUST)')
    .option('--attest <file>', 'write a signed attestation of the training run')
    .option('--registry <file|url>', 'the registry on this machine that is asked for base models')
    .option('--registry-url <url>', 'the same, of a service')
    .option('--token-file <file>', 'a file with the token for the service (default: $ASSAY_TOKEN)');
  return addSigningOptions(command);
}

/** No service is asked because of the environment alone. */
function registryPlaceOf({ registry, registryUrl: url, tokenFile }: LineageFlags): LineageRequest['registry'] {
  if (registry === undefined && url === undefined) return undefined;
  const asked = { registry, url, tokenFile };
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
}

function collect(path: string, paths: readonly string[]): readonly string[] {
  return [...paths, path];
}

/**
 * What is asked about lineage; `undefined` when nothing is.
 * @throws AssayError `usage` for a signature without a file to write it to, or a file without a way to sign
 */
export function lineageOf(flags: LineageFlags): LineageRequest | undefined {
  const {
    provenance: alone,
    manifest: manifests,
    model,
    attestation: attestations,
    trust,
    attest: file,
    offline,
  } = flags;
  const attest = file === undefined ? undefined : { file, signing: signingChoice(flags, 'assay data --attest') };
  if (attest === undefined && flags.attestData === undefined && asksToSign(flags)) {
    const hint = 'say where the attestation is written: --attest-data data.intoto.json, or --attest run.intoto.json';
    throw new AssayError('usage', 'nothing is signed', { subject: 'assay data', hint });
  }
  if (attest !== undefined && model === undefined)
    throw new AssayError('usage', 'needs the model that was trained', { subject: '--attest', hint: 'give --model' });
  const registry = registryPlaceOf(flags);
  if (!alone && manifests.length + attestations.length === 0 && model === undefined) return undefined;
  return { alone, manifests, model, attestations, trust, registry, attest, offline };
}
