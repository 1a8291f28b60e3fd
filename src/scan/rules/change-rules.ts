import type { Rule } from '../scanner/index.ts';

/**
 * What is reported of a change to a repository, beside what scanners find in files. No verdict of an artifact rests on these
 * rules, so that they are no part of the ruleset.
 */
export interface ChangeRule extends Omit<Rule, 'verdict'> {
  /** What a finding makes of the file of the change that it is in; `none` for advice. */
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
      'The change moves a submodule to a commit that the checkout does not hold. Its files are in another repository: models in it were not scanned.',
    remedy: 'Give actions/checkout `submodules: recursive`: what the checkout holds of a submodule is scanned.',
    ...REFERENCES,
    cwe: ['CWE-829'],
  },
  attributes: {
    id: 'change.attributes',
    title: 'Git attributes change how files are read',
    severity: 'low',
    verdict: 'none',
    explanation:
      'The change edits .gitattributes. It controls which files Git LFS stores elsewhere, and how a checkout converts their bytes.',
    remedy: 'Check which model files the patterns match.',
    ...REFERENCES,
    cwe: ['CWE-353'],
  },
  dvc: {
    id: 'change.dvc',
    title: 'A model that DVC stores elsewhere has changed',
    severity: 'high',
    verdict: 'unknown',
    explanation:
      'The change names other data in a file of DVC. The data is in a remote storage and not in the checkout, and was not scanned.',
    remedy: 'Run `dvc pull` before the Action: what it brings is scanned when it has the digest that DVC names.',
    ...REFERENCES,
    cwe: ['CWE-353'],
  },
  dvcData: {
    id: 'change.dvc-data',
    title: 'Data that DVC stores elsewhere has changed',
    severity: 'low',
    verdict: 'not-assessed',
    explanation:
      'The change names other data in a file of DVC, under a name that is not one of a model. It was not scanned.',
    remedy: 'Run `dvc pull` before the Action, and check the data.',
    ...REFERENCES,
    cwe: ['CWE-353'],
  },
  dvcMd5: {
    id: 'change.dvc-md5',
    title: 'Data of DVC is named by its MD5 alone',
    severity: 'low',
    verdict: 'none',
    explanation:
      'The data was scanned as the checkout has it. DVC names it by its MD5, and two files of one MD5 can be made: who controls the remote storage can hand out other bytes than those that were scanned.',
    remedy: 'Commit the model with Git LFS, or verify a signature over it where it is used: `assay verify`.',
    ...REFERENCES,
    cwe: ['CWE-328'],
  },
  link: {
    id: 'change.link',
    title: 'A symbolic link has the name of a model',
    severity: 'medium',
    verdict: 'not-assessed',
    explanation: 'The change adds or moves a symbolic link under the name of a model. Links are not followed.',
    remedy: 'Commit the file itself.',
    ...REFERENCES,
    cwe: ['CWE-59'],
  },
  rules: {
    id: 'change.rules',
    title: 'The change edits its own policy',
    severity: 'medium',
    verdict: 'none',
    explanation:
      'The change edits the policy, the allowances or the waivers of this run. The run used those of the base commit; the edited ones apply after the merge.',
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
      'The line loads a model by its name, a branch or a tag. Anybody who can write to that repository can change the model, so bytes that were not scanned may run.',
    remedy: 'Write the commit beside the name; the message has it.',
    ...REFERENCES,
    cwe: ['CWE-494'],
  },
  unpinnedCode: {
    id: 'reference.unpinned-code',
    title: 'Code of another repository is run, whatever it will be',
    severity: 'high',
    verdict: 'unknown',
    explanation:
      'The line runs the code of a repository at a branch or a tag, as torch.hub does with hubconf.py. Whoever can write there decides what runs next time. Nobody has looked at that code.',
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
      'The line loads a model whose name is computed, given from outside, or chosen by a library. It was not scanned, because its name is unknown.',
    remedy: 'Write the name and the commit as constants, or load only what Assay allowed: `assay pull`.',
    ...REFERENCES,
    cwe: ['CWE-494'],
  },
  remoteCode: {
    id: 'reference.remote-code',
    title: 'Code of a model repository is run',
    severity: 'medium',
    verdict: 'not-assessed',
    explanation: 'The line makes the loader run code from the repository that it loads.',
    remedy: 'Leave trust_remote_code out, or pin the commit and review the code in it.',
    ...REFERENCES,
    cwe: ['CWE-829'],
  },
  notScanned: {
    id: 'reference.not-scanned',
    title: 'A referenced model was not scanned',
    severity: 'high',
    verdict: 'unknown',
    explanation: 'The line loads a model that could not be read: it is missing, private, too large, or broken.',
    remedy: 'Give the Action access to it, or load another model.',
    ...REFERENCES,
    cwe: ['CWE-494'],
  },
  unsupported: {
    id: 'reference.unsupported',
    title: 'A model comes from a store that Assay does not read',
    severity: 'medium',
    verdict: 'not-assessed',
    explanation: 'The line loads a model from a store that Assay cannot open, so that it was not scanned.',
    remedy:
      'Keep the model where Assay reads it (the Hugging Face Hub, s3://, https://, oci://, models:/), or fetch it and scan the files.',
    ...REFERENCES,
    cwe: ['CWE-494'],
  },
  dataset: {
    id: 'reference.dataset',
    title: 'A dataset is loaded that was not scanned',
    severity: 'low',
    verdict: 'not-assessed',
    explanation: 'The line loads a dataset of the Hub. Assay scans models of the Hub, not datasets.',
    remedy: 'Pin its revision, and check the data with the data checks of Assay.',
    ...REFERENCES,
    cwe: ['CWE-349'],
  },
  denied: {
    id: 'reference.denied',
    title: 'A referenced model is denied',
    severity: 'critical',
    verdict: 'unknown',
    explanation: 'The line loads a model that the policy denies.',
    remedy: 'Do not load it; see the findings in the report.',
    ...REFERENCES,
    cwe: ['CWE-506'],
  },
  serviceDenied: {
    id: 'service.denied',
    title: "The organisation's service denies these bytes",
    severity: 'critical',
    verdict: 'unknown',
    explanation:
      'The Assay service of the organisation knows these bytes and denies them: they are quarantined or retired, an approval of them was revoked, or its policy is against them.',
    remedy: 'Ask the reviewers of the service; the message has their reason.',
    ...REFERENCES,
    cwe: ['CWE-506'],
  },
  serviceUnknown: {
    id: 'service.unknown',
    title: "The organisation's service does not know these bytes",
    severity: 'low',
    verdict: 'none',
    explanation:
      'The Assay service of the organisation was asked for its decision, and knows none of these bytes. The policy of this run alone decided.',
    remedy: 'Submit the model to the service, and have it approved there for the stage that it will run at.',
    ...REFERENCES,
    cwe: ['CWE-353'],
  },
  serviceUnavailable: {
    id: 'service.unavailable',
    title: "The organisation's service was not asked",
    severity: 'high',
    verdict: 'none',
    explanation:
      'The Assay service of the organisation did not answer, or the job has no token for it. What it would have said of these bytes is not known; the input `on-outage` says what becomes of the step.',
    remedy: 'Run the step again when the service answers. Pull requests from forks get no secrets: see docs/action.md.',
    ...REFERENCES,
    cwe: ['CWE-636'],
  },
} as const satisfies Readonly<Record<string, ChangeRule>>;
