import type { Role, StoredDecision, Transition, Version } from '../../../registry/index.ts';
import { code, facts, type Html, html, NOTHING, told } from '../../../report/html/index.ts';
import { type Draft, refusalNote, typedInto } from '../draft.ts';
import { page } from '../layout.ts';
import { HOME, requestPath, versionPath, withQuery } from '../links.ts';
import { button, choice, field, form, hidden, linkButton, note, textArea, type Viewer, when } from '../parts.ts';
import { actionChip } from '../tables.ts';
import { ROLE_WORDS, STAGE_WORDS } from '../words.ts';

export interface ApproveView {
  readonly request: Transition;
  readonly version: Version;
  readonly decision: StoredDecision;
  /** In which the viewer may vote. */
  readonly roles: readonly Role[];
  /** Whether the stage takes approvals that the service signs for a session. */
  readonly bySession: boolean;
  /** When it was sent before, and refused. */
  readonly draft?: Draft | undefined;
}

/** The page before an approval, with exactly the state to which it will be bound. */
export function approvePage(viewer: Viewer, view: ApproveView): Html {
  const { request, version, decision, bySession } = view;
  const name = `${version.model} version ${version.number}`;
  const body = html`${refusalNote(view.draft)}<p class="lead">You approve ${told(name)} for ${request.to}. The approval is signed, and covers exactly this:</p>
<div class="confirm">${boundFacts(view)}</div>
${
  decision.decision.action === 'deny'
    ? note(
        'caution',
        'The policy denies this version now. Your approval counts, but the version moves only once the policy no longer denies it.',
      )
    : NOTHING
}${bySession ? approveForm(viewer, view) : needsKey(request, version)}`;
  return page(viewer, {
    title: `Approve ${version.model} ${version.number} for ${STAGE_WORDS[request.to].text.toLowerCase()}`,
    place: 'requests',
    crumbs: [
      { href: `${HOME}/requests`, text: 'Requests' },
      { href: requestPath(request.id), text: `${version.model} ${version.number} to ${request.to}` },
    ],
    body,
  });
}

function boundFacts({ request, version, decision }: ApproveView): Html {
  const { policy, policyDigest, action } = decision.decision;
  const { suite = null } = decision;
  return facts([
    ['Version', html`<a href="${versionPath(version.id)}">${version.model} version ${version.number}</a>`],
    ['Digest', code(version.digest)],
    ['Stage', STAGE_WORDS[request.to].text],
    ['Policy', html`${told(policy)} ${code(policyDigest)}`],
    ['Ruleset', html`${decision.ruleset.version} ${code(decision.ruleset.digest)}`],
    ['Suite of tests', suite === null ? undefined : html`${told(suite.name)} ${code(suite.digest)}`],
    [
      'Decision',
      html`${actionChip(action)} ${when(decision.at)} <a href="${withQuery(versionPath(version.id, 'assessment'), { stage: request.to })}">Findings</a>`,
    ],
  ]);
}

function approveForm(viewer: Viewer, { request, version, decision, roles, draft }: ApproveView): Html {
  const role =
    roles.length === 1
      ? html`${hidden('role', roles[0] ?? '')}<p>You vote as ${roles[0] ?? ''}.</p>\n`
      : choice(
          'role',
          'You vote as',
          roles.map((one) => [one, `${one}: ${ROLE_WORDS[one]}`] as const),
          typedInto(draft, 'role'),
        );
  return form(
    viewer,
    requestPath(request.id, 'approve'),
    // The approval covers the displayed state: if any part has changed, nothing is signed.
    hidden('digest', version.digest),
    hidden('decision', decision.id),
    hidden('policy_digest', decision.decision.policyDigest),
    hidden('ruleset_digest', decision.ruleset.digest),
    role,
    textArea({
      name: 'comment',
      label: 'The reasons for your approval',
      required: true,
      value: typedInto(draft, 'comment'),
    }),
    field({
      name: 'until',
      label: 'The approval expires on',
      kind: 'date',
      value: typedInto(draft, 'until'),
      hint: 'The webhook denies it from the start of that day (UTC), unless it is approved again. Leave it empty for no expiry.',
    }),
    html`<div class="acts">${button({ label: 'Approve', kind: 'main' })}${linkButton(requestPath(request.id), { label: 'Back' })}</div>\n`,
  );
}

function needsKey(request: Transition, version: Version): Html {
  return html`${note('caution', `This service does not sign approvals for ${request.to}: approvers sign with their own key or identity.`)}
<p>Run this where your key is:</p>
<pre class="command" tabindex="0" role="region" aria-label="Command">assay approve ${version.ref} --stage ${request.to} --key approver.pem
</pre>
`;
}
