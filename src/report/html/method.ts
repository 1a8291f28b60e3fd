import { VERDICTS } from '../../core/assessment/index.ts';
import { humanBytes, humanDuration } from '../style.ts';
import { html } from './html.ts';
import { bulletList, chip, code, facts, type Section, told } from './parts.ts';
import { type Review, timeText } from './review.ts';
import { EVIDENCES, VERDICT_MEANINGS, VERDICT_WORDS } from './words.ts';

/** How the review was made, by which versions, and what it cannot say. */
export function methodSection({ assessment, decision, context, now }: Review): Section {
  const { stats, ruleset } = assessment;
  const body = html`<p>Every file was identified by its content and parsed by readers that build nothing and run nothing: no model
was loaded, imported or rendered. Pickles were followed instruction by instruction in an abstract machine, also inside archives.
Decoders ran in a child process bounded in memory and time. The policy was then applied to the results.</p>
<h3>Versions</h3>
${facts([
  ['Assay', context.version],
  ['Ruleset', html`${ruleset.version} ${code(ruleset.digest)}`],
  ['Policy', html`${told(decision.policy)} ${code(decision.policyDigest)}`],
  ['Reviewed on', timeText(now)],
  ['Read', `${humanBytes(stats.bytesRead)} of ${humanBytes(stats.bytesTotal)} in ${humanDuration(stats.durationMs)}`],
])}<h3>Terms</h3>
${facts([...VERDICTS].reverse().map((verdict) => [chip(VERDICT_WORDS[verdict]), VERDICT_MEANINGS[verdict]] as const))}
<p>Evidence for a risk is of one kind:</p>
${bulletList([EVIDENCES.direct, EVIDENCES.proxy, EVIDENCES.declared])}<h3>Limits</h3>
${bulletList([
  'A static review does not run the model. It does not cover the behaviour of the model: its accuracy, its bias, backdoors in its weights, or adversarial inputs.',
  'Clean means that loading runs only listed code. It does not cover the training data, the licence or the fitness of the model.',
  'The declarations of the model card were not verified.',
  'Only the rules of this ruleset were applied. A later ruleset may judge the same bytes differently.',
  'This review covers only the bytes with the digests above.',
])}`;
  return { id: 'method', title: 'Method, versions and limits', body };
}
