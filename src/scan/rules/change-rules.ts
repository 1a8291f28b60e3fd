import type { Rule } from '../scanner/index.ts';

/**
 * Rules about a change to a repository, in addition to the rules about files. No verdict of an artifact depends on these rules,
 * so they are not part of the ruleset.
 */
export interface ChangeRule extends Omit<Rule, 'verdict'> {
  /** The verdict that a finding gives the changed file; `none` for advice. */
  readonly verdict: 'suspicious' | 'unknown' | 'not-assessed' | 'none';
}

const REFERENCES = { owasp: ['ML06:2023'], atlas: ['AML.T0010'] } as const;

export const CHANGE_RULES = {
  submodule: {
    id: 'change.submodule',
    title: 'A submodule points to another commit',
    severity: 'high',
    verdict: 'unknown',
    explanation:
      'The change moves a submodule to a commit that the checkout does not hold. Its files are in another repository, and models in them were not scanned.',
    remedy: 'Set `submodules: recursive` for actions/checkout: the Action scans a submodule that the checkout holds.',
    ...REFERENCES,
    cwe: ['CWE-829'],
  },
  attributes: {
    id: 'change.attributes',
    title: 'Git attributes change how files are read',
    severity: 'low',
    verdict: 'none',
    explanation:
      'The change edits .gitattributes. That file controls which files Git LFS stores, and how a checkout converts the bytes of files.',
    remedy: 'Check which model files the changed patterns match.',
    ...REFERENCES,
    cwe: ['CWE-353'],
  },
  dvc: {
    id: 'change.dvc',
    title: 'A model in the remote storage of DVC has changed',
    severity: 'high',
    verdict: 'unknown',
    explanation:
      'The change edits a DVC file so that it names other data. The data is in a remote storage, not in the checkout, and was not scanned.',
    remedy: 'Run `dvc pull` before the Action: the Action scans the data if it has the digest that the DVC file names.',
    ...REFERENCES,
    cwe: ['CWE-353'],
  },
  dvcData: {
    id: 'change.dvc-data',
    title: 'Data in the remote storage of DVC has changed',
    severity: 'low',
    verdict: 'not-assessed',
    explanation:
      'The change edits a DVC file so that it names other data. The name of the data is not that of a model. The data was not scanned.',
    remedy: 'Run `dvc pull` before the Action, and check the data.',
    ...REFERENCES,
    cwe: ['CWE-353'],
  },
  dvcMd5: {
    id: 'change.dvc-md5',
    title: 'DVC names data by its MD5 alone',
    severity: 'low',
    verdict: 'none',
    explanation:
      'The data in the checkout was scanned. DVC names it by its MD5, and an attacker can make two files with one MD5: anyone who controls the remote storage can deliver other bytes than those that were scanned.',
    remedy: 'Commit the model with Git LFS, or verify its signature before use: `assay verify`.',
    ...REFERENCES,
    cwe: ['CWE-328'],
  },
  link: {
    id: 'change.link',
    title: 'A symbolic link has the name of a model',
    severity: 'medium',
    verdict: 'not-assessed',
    explanation:
      'The change adds or moves a symbolic link that has the name of a model. The Action does not follow links.',
    remedy: 'Commit the file instead of the link.',
    ...REFERENCES,
    cwe: ['CWE-59'],
  },
  rules: {
    id: 'change.rules',
    title: 'The change edits its own policy',
    severity: 'medium',
    verdict: 'none',
    explanation:
      'The change edits the policy, the allowances or the waivers of this run. The run used the versions of the base commit; the edited versions apply after the merge.',
    remedy: 'Have the owner of the policy review this edit.',
    ...REFERENCES,
    cwe: ['CWE-284'],
  },
  unpinned: {
    id: 'reference.unpinned',
    title: 'A model is loaded by a name that can lead to other bytes',
    severity: 'medium',
    verdict: 'not-assessed',
    explanation:
      'The line loads a model by its name, a branch or a tag. Anyone who can write to that repository can change the model, so bytes that were not scanned can run.',
    remedy: 'Write the commit beside the name; the message states it.',
    ...REFERENCES,
    cwe: ['CWE-494'],
  },
  unpinnedCode: {
    id: 'reference.unpinned-code',
    title: 'Code of another repository runs without a pinned commit',
    severity: 'high',
    verdict: 'unknown',
    explanation:
      'The line runs the code of a repository at a branch or a tag, as torch.hub does with hubconf.py. Anyone who can write to the repository can change the code that runs next time. Nobody has reviewed that code.',
    remedy: 'Review the code, and name its commit: `owner/repository:<commit>`, with `skip_validation=True`.',
    ...REFERENCES,
    cwe: ['CWE-829', 'CWE-494'],
  },
  unresolved: {
    id: 'reference.unresolved',
    title: 'The name of a loaded model is computed',
    severity: 'low',
    verdict: 'not-assessed',
    explanation:
      'The line loads a model whose name the program computes, reads as input, or leaves to a library. The model was not scanned, because its name is unknown.',
    remedy: 'Write the name and the commit as constants, or load only models that Assay allowed: `assay pull`.',
    ...REFERENCES,
    cwe: ['CWE-494'],
  },
  remoteCode: {
    id: 'reference.remote-code',
    title: 'Code of a model repository runs',
    severity: 'medium',
    verdict: 'not-assessed',
    explanation: 'The line makes the loader run code from the repository that it loads.',
    remedy: 'Remove trust_remote_code, or pin the commit and review its code.',
    ...REFERENCES,
    cwe: ['CWE-829'],
  },
  notScanned: {
    id: 'reference.not-scanned',
    title: 'A referenced model was not scanned',
    severity: 'high',
    verdict: 'unknown',
    explanation: 'The line loads a model that could not be read: it is missing, private, too large, or broken.',
    remedy: 'Give the Action access to the model, or load another model.',
    ...REFERENCES,
    cwe: ['CWE-494'],
  },
  unsupported: {
    id: 'reference.unsupported',
    title: 'A model comes from a store that Assay does not read',
    severity: 'medium',
    verdict: 'not-assessed',
    explanation: 'The line loads a model from a store that Assay cannot open, so the model was not scanned.',
    remedy:
      'Keep the model in a store that Assay reads (the Hugging Face Hub, s3://, https://, oci://, models:/), or download it and scan the files.',
    ...REFERENCES,
    cwe: ['CWE-494'],
  },
  dataset: {
    id: 'reference.dataset',
    title: 'A dataset is loaded that was not scanned',
    severity: 'low',
    verdict: 'not-assessed',
    explanation: 'The line loads a dataset of the Hub. Assay scans models of the Hub, not datasets.',
    remedy: 'Pin the revision of the dataset, and review its data.',
    ...REFERENCES,
    cwe: ['CWE-349'],
  },
  denied: {
    id: 'reference.denied',
    title: 'A referenced model is denied',
    severity: 'critical',
    verdict: 'unknown',
    explanation: 'The line loads a model that the policy denies.',
    remedy: 'Do not load the model; see the findings in the report.',
    ...REFERENCES,
    cwe: ['CWE-506'],
  },
  serviceDenied: {
    id: 'service.denied',
    title: "The organisation's service denies these bytes",
    severity: 'critical',
    verdict: 'unknown',
    explanation:
      'The Assay service of the organisation knows these bytes and denies them: they are quarantined or retired, their approval was revoked, or the policy of the service denies them.',
    remedy: 'Ask the reviewers of the service; the message states their reason.',
    ...REFERENCES,
    cwe: ['CWE-506'],
  },
  serviceUnknown: {
    id: 'service.unknown',
    title: "The organisation's service does not know these bytes",
    severity: 'low',
    verdict: 'none',
    explanation:
      'The Action asked the Assay service of the organisation for its decision, and the service does not know these bytes. The policy of this run alone decided.',
    remedy: 'Submit the model to the service, and have it approved there for the stage that it will have.',
    ...REFERENCES,
    cwe: ['CWE-353'],
  },
  serviceUnavailable: {
    id: 'service.unavailable',
    title: "The organisation's service gave no decision",
    severity: 'high',
    verdict: 'none',
    explanation:
      'The Assay service of the organisation did not answer, or the job has no token for it. The decision of the service on these bytes is not known; the input `on-outage` sets whether the step fails.',
    remedy:
      'Run the step again when the service answers. Pull requests from forks do not receive secrets: see docs/action.md.',
    ...REFERENCES,
    cwe: ['CWE-636'],
  },
} as const satisfies Readonly<Record<string, ChangeRule>>;
