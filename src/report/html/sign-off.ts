import { type Html, html } from './html.ts';
import { code, facts, type Section, told } from './parts.ts';
import { type Review, timeText } from './review.ts';
import { ACTION_WORDS } from './words.ts';

const ROLES = ['Reviewed by', 'Approved by', 'Risk owner'];
const CHOICES = ['Accepted', 'Accepted on conditions', 'Rejected'];

/** The page that people fill in and sign. */
export function signOffSection({ assessment, decision, now }: Review): Section {
  const { artifact } = assessment;
  const body = html`<p>I have read this review, including the parts that were not scanned. My decision covers only the artifact named
here.</p>
${facts([
  ['Artifact', code(artifact.pinned)],
  ['Digest', artifact.digest === null ? 'none: some files have no digest' : code(artifact.digest)],
  ['Decision of the policy', html`${ACTION_WORDS[decision.action].text} by ${told(decision.policy)}`],
  ['Reviewed on', timeText(now)],
])}${ROLES.map(role)}<h3>Conditions and comments</h3>
<div class="lines"><p class="for-readers">Fill in by hand.</p></div>
`;
  return { id: 'sign-off', title: 'Sign-off', body };
}

function role(name: string): Html {
  return html`<div class="role">
<h3>${name}</h3>
<ul class="choices">${CHOICES.map((choice) => html`<li>${choice}</li>`)}</ul>
<dl>
${['Name', 'Date', 'Signature'].map(
  (field) => html`<div><dt>${field}</dt><dd><span class="for-readers">Fill in by hand</span></dd></div>\n`,
)}</dl>
</div>
`;
}
