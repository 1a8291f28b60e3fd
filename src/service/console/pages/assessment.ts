import type { Stage, StoredAssessment, StoredDecision, Version } from '../../../registry/index.ts';
import {
  ACTION_WORDS,
  checksSection,
  filesSection,
  findingsSection,
  type Html,
  html,
  owaspSection,
  policySection,
  provenanceSection,
  reviewOf,
  summarySection,
  unseenSection,
} from '../../../report/html/index.ts';
import type { ReportContext } from '../../../report/index.ts';
import { versionPath, withQuery } from '../links.ts';
import { part, type Viewer, when } from '../parts.ts';
import { filters } from '../tables.ts';
import { STAGE_WORDS } from '../words.ts';
import { versionPage } from './version-head.ts';

export interface AssessmentView {
  readonly version: Version;
  readonly decision: StoredDecision;
  readonly assessment: StoredAssessment;
  /** Stages that something was decided for. */
  readonly stages: readonly Stage[];
}

/** The assessment of a version, with the decision for a stage: the parts of the security review. */
export function assessmentPage(viewer: Viewer, view: AssessmentView, context: ReportContext): Html {
  const { version, decision, assessment, stages } = view;
  const review = reviewOf({ assessment: assessment.assessment, decision: decision.decision }, context, {
    now: new Date(decision.at),
  });
  const sections = [
    summarySection(review),
    findingsSection(review),
    owaspSection(review),
    provenanceSection(review),
    filesSection(review),
    policySection(review),
    checksSection(review),
    unseenSection(review),
  ];
  const action = ACTION_WORDS[decision.decision.action];
  const choices = stages.map(
    (stage) =>
      [
        withQuery(versionPath(version.id, 'assessment'), { stage }),
        STAGE_WORDS[stage].text,
        stage === decision.stage,
      ] as const,
  );
  const contents = sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>\n`);
  const body = html`${filters('Decision for', choices)}<p class="decision ${action.tone}"><span class="label">Decision for ${decision.stage}</span> <strong>${action.text}</strong></p>
<p class="quiet">Scanned ${when(assessment.at)}, decided ${when(decision.at)} under ruleset ${decision.ruleset.version}.</p>
<nav class="contents" aria-labelledby="contents-title"><h2 id="contents-title">On this page</h2>
<ol>${contents}</ol></nav>
${sections.map(({ id, title, body }) => part(id, title, body))}`;
  return versionPage(viewer, version, 'assessment', body);
}
