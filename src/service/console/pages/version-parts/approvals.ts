import type { ApprovalRecord, Version } from '../../../../registry/index.ts';
import { chip, code, facts, fold, type Html, html, NOTHING, table, told } from '../../../../report/html/index.ts';
import { revokePath } from '../../links.ts';
import { linkButton, part, type Viewer, when } from '../../parts.ts';
import { APPROVAL_WORDS, STAGE_WORDS } from '../../words.ts';

const METHODS: Readonly<Record<ApprovalRecord['method'], string>> = {
  key: 'signed with a key of the approver',
  keyless: 'signed keyless, with the identity of the approver',
  certificate: 'signed with a certificate',
  service: 'in a session of this service, which signed it',
};

/** Approvals of a version, the newest first, and what each is bound to. */
export function approvalsPart(viewer: Viewer, version: Version, approvals: readonly ApprovalRecord[]): Html {
  const mayRevoke = ['reviewer', 'security-approver', 'admin'].some((role) => viewer.roles.includes(role));
  const columns = ['Approved by', 'For', 'State', 'Bound to', 'When'].map((label) => ({ label }));
  const rows = [...approvals]
    .reverse()
    .map((approval) => [
      html`${told(approval.signer)} <span class="quiet">as ${approval.role}; ${METHODS[approval.method]}</span>`,
      STAGE_WORDS[approval.stage].text,
      html`${chip(APPROVAL_WORDS[approval.state])}${approval.why === '' ? NOTHING : html` <span class="quiet">${told(approval.why)}</span>`}${
        mayRevoke && (approval.state === 'valid' || approval.state === 'carried')
          ? html` ${linkButton(revokePath(version.id, approval.id), { label: 'Revoke…', of: `the approval by ${approval.signer}` })}`
          : NOTHING
      }`,
      fold('digest, policy, ruleset, suite', boundTo(approval)),
      html`${when(approval.at)} <span class="quiet">${approval.until === null ? 'no expiry' : html`until ${when(approval.until)}`}</span>`,
    ]);
  return part(
    'approvals',
    'Approvals',
    rows.length === 0
      ? html`<p class="quiet">Nobody has approved it. An approval is a signed statement about these bytes, this policy, this ruleset and the suite of tests that is asked for; when one of them changes, it is looked at again.</p>\n`
      : table({ caption: 'The newest first, including those that are no longer valid', columns, rows }),
  );
}

/** What an approval says: the same facts that the approver was shown. */
export function boundTo({
  digest,
  policyDigest,
  ruleset,
  suite = null,
}: Pick<ApprovalRecord, 'digest' | 'policyDigest' | 'ruleset' | 'suite'>): Html {
  return facts([
    ['Artifact', code(digest)],
    ['Policy', code(policyDigest)],
    ['Ruleset', html`${ruleset.version} ${code(ruleset.digest)}`],
    ['Suite of tests', suite === null ? undefined : html`${told(suite.name)} ${code(suite.digest)}`],
  ]);
}
