import { type Assessment, severityRank } from '../../../core/assessment/index.ts';
import { object, oneOf, optionalOf } from '../../../core/schema/index.ts';
import {
  type Principal,
  type Registry,
  STAGES,
  type Stage,
  type StoredWaiver,
  type Version,
} from '../../../registry/index.ts';
import { diffReports, mapOwasp, type ReportDiff, readReport, renderJson } from '../../../report/index.ts';
import type { Routes } from '../../context.ts';
import { ID_PARAMS, READERS } from '../../http/index.ts';
import { ServiceError } from '../../problems/index.ts';
import { reportContext } from '../../reports/index.ts';
import { sendPage, viewerOf } from '../layout.ts';
import { HOME } from '../links.ts';
import { assessmentPage, changesPage, overviewPage } from '../pages/index.ts';
import { HIDDEN, SAID_QUERY } from './form-kit.ts';
import { answersOf } from './models.ts';

const JUDGED_STAGES = ['candidate', 'staging', 'production'] as const;
const PATH = `${HOME}/versions/:id`;

export const versionPages: Routes = (app, { registry }) => {
  const config = { access: READERS };

  app.get(
    PATH,
    { config, schema: { ...HIDDEN, params: ID_PARAMS, querystring: object(SAID_QUERY) } },
    async (request, reply) => {
      const { principal, params, query } = request;
      const version = await registry.version(principal, { id: params.id });
      const answers = await answersOf(registry, principal, [version]);
      const decisions = [...(await registry.decisions(principal, version.id))];
      decisions.sort((a, b) => STAGES.indexOf(a.stage) - STAGES.indexOf(b.stage));
      const assessments = await registry.assessments(principal, version.id);
      const newest = assessments.find(({ id }) => id === decisions[0]?.assessment);
      const view = {
        version,
        decisions,
        answer: answers.get(version.id),
        requests: (await registry.transitions(principal, { version: version.id, limit: SHOWN_REQUESTS })).items,
        approvals: await registry.approvals(principal, version.id),
        tests: await registry.versionTests(principal, version.id),
        waivers: await waiversFor(registry, principal, version.digest),
        baseVersions: await basesOf(registry, principal, version),
        refused: await registry.refusedStages(principal, version.id),
        seen: newest === undefined ? undefined : seenOf(newest.at, newest.assessment),
        said: query.said,
      };
      return sendPage(reply, overviewPage(viewerOf(request), view));
    },
  );

  app.get(
    `${PATH}/assessment`,
    {
      config,
      schema: {
        ...HIDDEN,
        params: ID_PARAMS,
        querystring: object({ stage: optionalOf(oneOf(JUDGED_STAGES, 'The decision for this stage')) }),
      },
    },
    async (request, reply) => {
      const { principal, params, query } = request;
      const version = await registry.version(principal, { id: params.id });
      const stage = query.stage ?? JUDGED_STAGES.find((one) => one === version.stage) ?? 'candidate';
      const { stages, ...judged } = await judgedFor(registry, principal, version, stage);
      return sendPage(reply, assessmentPage(viewerOf(request), { version, stages, ...judged }, reportContext()));
    },
  );

  app.get(`${PATH}/changes`, { config, schema: { ...HIDDEN, params: ID_PARAMS } }, async (request, reply) => {
    const { principal, params } = request;
    const version = await registry.version(principal, { id: params.id });
    if (version.number === 1)
      throw new ServiceError(404, 'no-such-version', 'the first version has no previous version');
    const before = await registry.version(principal, { model: version.model, number: version.number - 1 });
    const diff = await diffOf(registry, principal, before, version);
    return sendPage(reply, changesPage(viewerOf(request), { version, before, diff }));
  });
};

/** Requests that the page of a version lists. */
const SHOWN_REQUESTS = 20;

async function judgedFor(registry: Registry, by: Principal, version: Version, stage: Stage) {
  const decisions = await registry.decisions(by, version.id);
  const decision = decisions.find((one) => one.stage === stage);
  const assessments = await registry.assessments(by, version.id);
  const assessment = assessments.find(({ id }) => id === decision?.assessment);
  if (decision === undefined || assessment === undefined)
    throw new ServiceError(404, 'no-decision', `there is no decision for ${stage} yet`);
  const stages = STAGES.filter((one) => decisions.some((other) => other.stage === one));
  return { decision, assessment, stages };
}

/** What differs between two versions, each under the policy for candidates. */
export async function diffOf(
  registry: Registry,
  by: Principal,
  before: Version,
  version: Version,
): Promise<ReportDiff> {
  return diffReports(await reportOf(registry, by, before), await reportOf(registry, by, version));
}

/** Two reports are compared as they are kept: what the one cuts, the other does, too. */
async function reportOf(registry: Registry, by: Principal, version: Version) {
  const { decision, assessment } = await judgedFor(registry, by, version, 'candidate');
  const judged = { decision: decision.decision, assessment: assessment.assessment };
  return readReport(Buffer.from(renderJson(judged, reportContext())), `${version.model}@${version.number}`);
}

function seenOf(at: string, assessment: Assessment) {
  const { files, findings, checks } = assessment;
  const unjudged = files.filter(({ verdict }) => verdict === 'unknown' || verdict === 'not-assessed').length;
  const unanswered = [...checks, ...mapOwasp(assessment).open].filter(
    ({ status }) => status === 'not-assessed' || status === 'error',
  );
  const worst = [...findings].sort((a, b) => severityRank(b.severity) - severityRank(a.severity))[0];
  const open = unjudged + unanswered.length;
  return { at, files: files.length, findings: findings.length, unjudged, open, worst };
}

/** Waivers that are read to find those of one digest. */
const WAIVER_PAGES = 5;

async function waiversFor(registry: Registry, by: Principal, digest: string): Promise<StoredWaiver[]> {
  const found: StoredWaiver[] = [];
  let after: string | undefined;
  for (let i = 0; i < WAIVER_PAGES; i++) {
    const page = await registry.waivers(by, { limit: 200, ...(after === undefined ? {} : { after }) });
    found.push(...page.items.filter(({ waiver }) => waiver.digest === digest));
    if (page.next === null) break;
    after = page.next;
  }
  return found;
}

async function basesOf(registry: Registry, by: Principal, { lineage }: Version) {
  const bases: { ref: string; versions: readonly Version[] }[] = [];
  for (const { ref, digest } of lineage.baseModels) {
    bases.push({ ref, versions: await registry.versionsOf(by, digest === null ? { ref } : { digest }) });
  }
  return bases;
}
