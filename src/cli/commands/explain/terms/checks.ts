import type { GlossaryEntry } from './term.ts';

const CHECKS: Readonly<Record<string, readonly [title: string, explanation: string, remedy: string]>> = {
  'behavior.adversarial': [
    'Robustness against adversarial inputs',
    'Inputs that were changed slightly must keep their answers.',
    'Read the report of the tests; train with such inputs, or accept the share in the suite.',
  ],
  'behavior.backdoor': [
    'Search for backdoors',
    'Small patterns that turn any input to one answer are sought.',
    'Read the report of the tests, and compare with a version from before.',
  ],
  'behavior.extraction': [
    'Theft of the model by queries',
    'How near a copy comes that is trained from answers alone.',
    'Round the answers, or limit queries.',
  ],
  'behavior.inversion': [
    'Recovery of training data from the model',
    'Training rows that answers give away are counted.',
    'Read the report of the tests; train with noise, or round the answers.',
  ],
  'behavior.known-input': [
    'Known inputs',
    'The model must answer given inputs as the suite says.',
    'Read which input fails; correct the model or the suite.',
  ],
  'behavior.membership': [
    'Membership of the training data',
    'How well answers tell whether a row was trained on.',
    'Read the report of the tests; train less closely, or round the answers.',
  ],
  'conversion.attested': [
    'Attestation of a conversion',
    'A trusted signer says that these files were made by a conversion.',
    'Give the attestation (--attestation) and a trust file whose signer may sign conversions.',
  ],
  'conversion.rebuild': [
    'Conversion made again',
    'The ONNX model computes what the weights beside it do (assay scan --rebuild).',
    'Convert the weights again, and use that result.',
  ],
  'conversion.source': [
    'Source of a conversion',
    'The files that were converted were themselves judged, and are those that the attestation names.',
    'Scan the source first.',
  ],
  'conversion.verified': [
    'Verification of a conversion',
    'The result of a conversion was compared with its source, by the same inputs.',
    'Convert with --verify.',
  ],
  'data.provenance': [
    'Statement of the training data',
    'A trusted signer states what the model was trained on, and the bytes of that data were compared where they are known.',
    'Give the statement of the training run (assay scan --attestation FILE --trust FILE), as docs/provenance.md says.',
  ],
  'integrity.attestation': [
    'Attestations',
    'Statements about the artifact that were given have a valid signature of a trusted signer, and name these bytes.',
    'Read the detail: it names the statement and the cause.',
  ],
  'integrity.checksum': [
    'Announced digests',
    'The bytes have the digests and sizes that their source announced.',
    'Download the artifact again; report it to its publisher when that does not help.',
  ],
  'integrity.manifest': [
    'Manifest of digests',
    'The files are those of a list of digests beside them.',
    'Compare the files that the detail names with their source.',
  ],
  'integrity.signature': [
    'Signature of the model',
    'A trusted key, certificate or identity signed every file, and none changed.',
    'Give the signature and whom to trust: --signature, --public-key, --certificate-chain, or --identity with --issuer.',
  ],
  'integrity.weights': [
    'Weights against an approved copy',
    'The weights are those of the version that was approved.',
    'Compare with assay diff.',
  ],
  'provenance.base-model': [
    'Base model',
    'The model that it was fine-tuned from is known and judged.',
    'Scan the base model, and name it in the lineage.',
  ],
  'provenance.drift': [
    'Drift of the data',
    'The data moved no further from the approved data than allowed.',
    'Run assay data with --baseline.',
  ],
  'provenance.training-data': [
    'Training data',
    'The training data was looked at for poisoning.',
    'Run assay data on it.',
  ],
  'scan.files': [
    'Scan of the files',
    'Every file was parsed, and nothing in it runs.',
    'Look at the findings and at the verdicts of the files.',
  ],
  'serving.output': [
    'Answers of the running service',
    'How a model is served is outside what a scan sees.',
    'Review the service that serves it.',
  ],
  'serving.theft': [
    'Query limits of the running service',
    'How a model is served is outside what a scan sees.',
    'Review the service that serves it.',
  ],
  'tests.attested': [
    'Tests, attested',
    'A trusted signer states that the suite that is asked for was run on these bytes.',
    'Run assay test --suite FILE --attest OUT --private-key KEY, and give OUT by --attestation.',
  ],
  'tests.passed': [
    'Tests, passed',
    'All tests of the suite that is asked for passed.',
    'Read the report of the tests.',
  ],
};

export function checkTerms(): GlossaryEntry[] {
  return Object.entries(CHECKS).map(([id, [title, explanation, remedy]]) => ({
    id,
    kind: 'check',
    title,
    explanation,
    remedy,
  }));
}

const OF_FORMAT = /^format\.([a-z0-9-]+)\.([a-z0-9-]+)$/;

/** The check of a format, of which there are as many as scanners have parts. @param titles of formats */
export function formatCheck(id: string, titles: ReadonlyMap<string, string>): GlossaryEntry | undefined {
  const [, format = '', part = ''] = OF_FORMAT.exec(id) ?? [];
  if (format === '') return undefined;
  const what = titles.get(format) ?? format;
  return {
    id,
    kind: 'check',
    title: `${what}: ${part.replaceAll('-', ' ')}`,
    explanation: `Whether this part of the format was judged. Where it is not-assessed, no scanner of this version judges it, and it may hold code.`,
    remedy: 'Review that part by hand, or use a copy in a format that is judged.',
  };
}
