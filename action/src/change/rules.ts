import { type Finding, fingerprint } from '../../../src/core/assessment/index.ts';
import type { RuleInfo } from '../../../src/report/index.ts';

// What the Action itself has to say of a change, besides what scanners find in files.

const REFERENCES = { owasp: ['ML06:2023'], atlas: ['AML.T0010'], cwe: [] } as const;

export const CHANGE_RULES = {
  submodule: {
    id: 'change.submodule',
    title: 'A submodule points to another commit',
    severity: 'high',
    explanation:
      'The change moves a submodule. Its files are in another repository, which this run does not read: models in it are not scanned.',
    remedy: 'Run the Action in that repository, too, and move the submodule to a commit that it allowed.',
    ...REFERENCES,
  },
  attributes: {
    id: 'change.attributes',
    title: 'Git attributes change how files are read',
    severity: 'low',
    explanation:
      'The change edits .gitattributes. It controls which files Git LFS stores elsewhere, and how a checkout converts their bytes.',
    remedy: 'Check which model files the patterns match.',
    ...REFERENCES,
  },
  dvc: {
    id: 'change.dvc',
    title: 'Data that DVC stores elsewhere has changed',
    severity: 'high',
    explanation:
      'The change names other data in a file of DVC. The data itself is in a remote storage, and was not scanned.',
    remedy: 'Run `dvc pull` before the Action, or scan the data where it is stored.',
    ...REFERENCES,
    cwe: ['CWE-353'],
  },
  dvcData: {
    id: 'change.dvc-data',
    title: 'Data that DVC stores elsewhere has changed',
    severity: 'low',
    explanation:
      'The change names other data in a file of DVC, under a name that is not one of a model. It was not scanned.',
    remedy: 'Run `dvc pull`, and check the data.',
    ...REFERENCES,
    cwe: ['CWE-353'],
  },
  link: {
    id: 'change.link',
    title: 'A symbolic link has the name of a model',
    severity: 'medium',
    explanation: 'The change adds or moves a symbolic link under the name of a model. Links are not followed.',
    remedy: 'Commit the file itself.',
    ...REFERENCES,
    cwe: ['CWE-59'],
  },
  rules: {
    id: 'change.rules',
    title: 'The change edits its own policy',
    severity: 'medium',
    explanation:
      'The change edits the policy, the allowances or the waivers of this run. The run used those of the base commit; the edited ones apply after the merge.',
    remedy: 'Have the owner of the policy review this edit.',
    ...REFERENCES,
    cwe: ['CWE-284'],
  },
} as const satisfies Readonly<Record<string, RuleInfo>>;

export function changeFinding(rule: RuleInfo, file: string, message: string, subject = '', line?: number): Finding {
  const { owasp, atlas, cwe, severity, id } = rule;
  return {
    ruleId: id,
    severity,
    message,
    file,
    ...(line === undefined ? {} : { line }),
    owasp,
    atlas,
    cwe,
    fingerprint: fingerprint(id, file, undefined, subject),
  };
}
