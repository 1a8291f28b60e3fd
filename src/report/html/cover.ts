import { type Html, html } from './html.ts';
import { code, facts, type Section, told } from './parts.ts';
import { type Review, timeText } from './review.ts';
import { ACTION_WORDS } from './words.ts';

/** What was reviewed, when, by which rules, and the decision. */
export function cover(review: Review): Html {
  const { assessment, decision, context, now } = review;
  const { artifact, ruleset } = assessment;
  const action = ACTION_WORDS[decision.action];
  return html`<header class="cover">
<p class="kind">Security review of a machine-learning model</p>
<h1>${told(artifact.ref)}</h1>
<p class="decision ${action.tone}"><span class="label">Decision</span> <strong>${action.text}</strong></p>
${incomplete(review)}${facts([
  ['Artifact', code(artifact.ref)],
  ['Pinned as', artifact.pinned === artifact.ref ? 'not pinned: the source has no versions' : code(artifact.pinned)],
  ['Digest', artifact.digest === null ? 'none: some files have no digest' : code(artifact.digest)],
  ['Reviewed on', timeText(now)],
  ['Policy', html`${told(decision.policy)} ${code(decision.policyDigest)}`],
  ['Ruleset', html`${ruleset.version} ${code(ruleset.digest)}`],
  ['Created by', `Assay ${context.version}`],
])}</header>
`;
}

function incomplete({ assessment }: Review): Html {
  return assessment.status === 'complete'
    ? html``
    : html`<p class="caution note">The review is incomplete: part of the artifact could not be read.</p>\n`;
}

/** Links to every part. */
export function contents(sections: readonly Section[]): Html {
  return html`<nav class="contents" aria-labelledby="contents-title">
<h2 id="contents-title">Contents</h2>
<ol>
${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>\n`)}</ol>
</nav>
`;
}
