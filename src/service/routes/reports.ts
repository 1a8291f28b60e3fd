import type { Assessment } from '../../core/assessment/index.ts';
import { object, oneOf, optionalOf, text } from '../../core/schema/index.ts';
import type { Stage, StoredAssessment, StoredDecision, Version } from '../../registry/index.ts';
import type { Routes } from '../context.ts';
import { ID_PARAMS, READERS, UNCHANGED } from '../http/index.ts';
import { ServiceError } from '../problems/index.ts';
import { REPORT_FORMATS, renderReport } from '../reports/index.ts';
import { isKnown } from './conditional.ts';
import { COSTLY } from './costly.ts';

const JUDGED_STAGES = ['candidate', 'staging', 'production'] as const satisfies readonly Stage[];

export const reportRoutes: Routes = (app, { registry }) => {
  app.get(
    '/v1/versions/:id/report',
    {
      config: { access: READERS, rateLimit: COSTLY },
      schema: {
        tags: ['reports'],
        summary: 'What is known of a version, and what was decided, in one of the formats',
        produces: [
          'application/json',
          'application/sarif+json',
          'text/markdown',
          'text/html',
          'application/xml',
          'text/plain',
        ],
        params: ID_PARAMS,
        querystring: object({
          format: optionalOf(oneOf(REPORT_FORMATS, 'json when absent')),
          stage: optionalOf(oneOf(JUDGED_STAGES, 'The decision for this stage; for its own when absent')),
        }),
        response: { 200: text('The report'), 304: UNCHANGED },
      },
    },
    async (request, reply) => {
      const { principal, params, query } = request;
      const version = await registry.version(principal, { id: params.id });
      const stage = query.stage ?? JUDGED_STAGES.find((one) => one === version.stage) ?? 'candidate';
      const { decision, assessment } = judgedFor(
        stage,
        await registry.decisions(principal, version.id),
        await registry.assessments(principal, version.id),
      );
      const judged = { assessment: named(assessment.assessment, version), decision: decision.decision };
      const report = renderReport(judged, query.format ?? 'json', new Date(decision.at));
      const shown = `${version.model}-${version.number}-${stage}`.replaceAll(/[^A-Za-z0-9._-]/g, '-');
      reply.header('content-disposition', `inline; filename="${shown}.${report.extension}"`);
      reply.header('x-content-type-options', 'nosniff');
      if (report.policy !== undefined) reply.header('content-security-policy', report.policy);
      if (isKnown(request, reply, report.text)) return reply.code(304).send(undefined);
      return reply.type(report.type).send(Buffer.from(report.text) as never);
    },
  );
};

/** Files that somebody uploaded have no name of their own but the id of the upload, which means nothing to a reader: the version has one. */
function named(assessment: Assessment, { model, number }: Version): Assessment {
  const { artifact } = assessment;
  if (!artifact.ref.startsWith('upload:')) return assessment;
  const name = `${model}@${number}`;
  return {
    ...assessment,
    artifact: { ...artifact, ref: name, pinned: artifact.pinned === artifact.ref ? name : artifact.pinned },
  };
}

function judgedFor(
  stage: Stage,
  decisions: readonly StoredDecision[],
  assessments: readonly StoredAssessment[],
): { readonly decision: StoredDecision; readonly assessment: StoredAssessment } {
  const decision = decisions.find((one) => one.stage === stage);
  const assessment = assessments.find(({ id }) => id === decision?.assessment);
  if (decision === undefined || assessment === undefined)
    throw new ServiceError(404, 'no-decision', `there is no decision for ${stage} yet`);
  return { decision, assessment };
}
