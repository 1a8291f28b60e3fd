import type { FastifyRequest } from 'fastify';
import { severityRank } from '../../../core/assessment/index.ts';
import { object, oneOf, optionalOf, text } from '../../../core/schema/index.ts';
import { COMMENT, type PolicyList, TRANSITION_STATES } from '../../../registry/api/index.ts';
import {
  nameOf,
  type Principal,
  type Registry,
  type Role,
  type Stage,
  type StoredDecision,
  type Transition,
  type Version,
} from '../../../registry/index.ts';
import type { ServiceContext } from '../../context.ts';
import type { App } from '../../fastify-app.ts';
import { ID_PARAMS, READERS, REQUESTERS, REVIEWERS } from '../../http/index.ts';
import { ServiceError } from '../../problems/index.ts';
import type { Draft } from '../draft.ts';
import { sendPage, viewerOf } from '../layout.ts';
import { HOME, requestPath, said } from '../links.ts';
import { type ActView, type AssessedRequest, actPage, approvePage, requestPage, requestsPage } from '../pages/index.ts';
import { hidden } from '../parts.ts';
import { showAgain } from '../show-again.ts';
import { AFTER_QUERY, after, DAY, dayOf, EMPTY_FORM, HIDDEN, idIn, SAID_QUERY, typed } from './form-kit.ts';
import { diffOf } from './versions.ts';

const PATH = `${HOME}/requests`;
const VOTING = ['reviewer', 'security-approver', 'admin'] as const satisfies readonly Role[];
const SHOWN = [...TRANSITION_STATES, 'all', 'mine'] as const;
/** Open requests among which those that wait for a vote are looked for. */
const MOST_OPEN = 200;

const ApproveForm = object({
  role: oneOf(VOTING, 'In which role'),
  comment: text('What was looked at', COMMENT),
  until: DAY,
  digest: text('The digest that the approver saw', { maxLength: 100 }),
  decision: text('The decision that the approver saw', { maxLength: 100 }),
  policy_digest: text('The policy that the approver saw', { maxLength: 100 }),
  ruleset_digest: text('The ruleset that the approver saw', { maxLength: 100 }),
});
const RejectForm = object({ role: oneOf(VOTING, 'In which role'), comment: text('Why', COMMENT) });

export function requestPages(app: App, { registry, config }: ServiceContext, policies: PolicyList): void {
  app.get(
    PATH,
    {
      config: { access: READERS },
      schema: {
        ...HIDDEN,
        querystring: object({
          ...AFTER_QUERY,
          ...SAID_QUERY,
          state: optionalOf(oneOf(SHOWN, 'Only in this state')),
        }),
      },
    },
    async (request, reply) => {
      const { principal, query } = request;
      const state = query.state ?? 'open';
      const open = await registry.transitions(principal, { state: 'open', limit: MOST_OPEN });
      const mine = open.items.filter((one) => needsVoteOf(principal, one));
      const requests =
        state === 'mine'
          ? { items: mine, next: null }
          : await registry.transitions(principal, { ...after(query), ...(state === 'all' ? {} : { state }) });
      const names = await namesOf(registry, principal, requests.items);
      return sendPage(
        reply,
        requestsPage(viewerOf(request), {
          requests,
          names,
          state,
          mine: mine.length,
          after: query.after,
          said: query.said,
        }),
      );
    },
  );

  app.get(
    `${PATH}/:id`,
    { config: { access: READERS }, schema: { ...HIDDEN, params: ID_PARAMS, querystring: object(SAID_QUERY) } },
    async (request, reply) => {
      const view = await wholeRequest(registry, request.principal, request.params.id);
      const assessed = await assessedFor(registry, request.principal, view);
      return sendPage(reply, requestPage(viewerOf(request), { ...view, assessed, said: request.query.said }));
    },
  );

  const approval = async (request: FastifyRequest, draft?: Draft) => {
    const { principal } = request;
    const { decision, ...view } = await wholeRequest(registry, principal, idIn(request));
    checkVoter(principal, view.request);
    const methods = policies.inUse.find(({ stage }) => stage === view.request.to)?.methods ?? [];
    const bySession = config.approvalKey !== null && (methods.length === 0 || methods.includes('service'));
    const roles = votingRoles(principal, view.request);
    return approvePage(viewerOf(request), { ...view, decision: decided(decision), roles, bySession, draft });
  };
  app.get(
    `${PATH}/:id/approve`,
    { config: { access: REVIEWERS }, schema: { ...HIDDEN, params: ID_PARAMS } },
    async (request, reply) => sendPage(reply, await approval(request)),
  );
  app.post(
    `${PATH}/:id/approve`,
    {
      config: { access: REVIEWERS },
      schema: { ...HIDDEN, params: ID_PARAMS, body: ApproveForm },
      // The page is shown again with the current state: the user confirms it with another press.
      errorHandler: showAgain(approval),
    },
    async ({ principal, params, body }, reply) => {
      const request = await registry.transition(principal, params.id);
      if (hasVoted(principal, request, 'approve')) return reply.redirect(said(requestPath(params.id), 'voted'), 303);
      checkVoter(principal, request);
      const until = dayOf(body.until);
      const { role, digest, decision, policy_digest: policyDigest, ruleset_digest: rulesetDigest } = body;
      const comment = typed(body.comment);
      await registry.vote(principal, params.id, {
        vote: 'approve',
        role,
        comment,
        ...(until === undefined ? {} : { until }),
        seen: { digest, decision, policyDigest, rulesetDigest },
      });
      return reply.redirect(said(requestPath(params.id), 'voted'), 303);
    },
  );

  const rejection = async (request: FastifyRequest, draft?: Draft) => {
    const { principal } = request;
    const { version, request: transitionRequest } = await wholeRequest(registry, principal, idIn(request));
    checkVoter(principal, transitionRequest);
    const role = VOTING.find((one) => principal.roles.includes(one)) ?? 'reviewer';
    return actPage(viewerOf(request), { ...reject(version, transitionRequest, role), draft });
  };
  app.get(
    `${PATH}/:id/reject`,
    { config: { access: REVIEWERS }, schema: { ...HIDDEN, params: ID_PARAMS } },
    async (request, reply) => sendPage(reply, await rejection(request)),
  );
  app.post(
    `${PATH}/:id/reject`,
    {
      config: { access: REVIEWERS },
      schema: { ...HIDDEN, params: ID_PARAMS, body: RejectForm },
      errorHandler: showAgain(rejection),
    },
    async ({ principal, params, body }, reply) => {
      const request = await registry.transition(principal, params.id);
      if (hasVoted(principal, request, 'reject')) return reply.redirect(said(requestPath(params.id), 'voted'), 303);
      await registry.vote(principal, params.id, { vote: 'reject', role: body.role, comment: typed(body.comment) });
      return reply.redirect(said(requestPath(params.id), 'voted'), 303);
    },
  );

  app.post(
    `${PATH}/:id/withdraw`,
    { config: { access: REQUESTERS }, schema: { ...HIDDEN, params: ID_PARAMS, body: EMPTY_FORM } },
    async ({ principal, params }, reply) => {
      await registry.withdraw(principal, params.id);
      return reply.redirect(said(requestPath(params.id), 'withdrawn'), 303);
    },
  );
}

function reject(version: Version, transitionRequest: Transition, role: Role): ActView {
  return {
    title: `Reject ${version.model} ${version.number} for ${transitionRequest.to}`,
    place: 'requests',
    crumbs: [
      { href: PATH, text: 'Requests' },
      {
        href: requestPath(transitionRequest.id),
        text: `${version.model} ${version.number} to ${transitionRequest.to}`,
      },
    ],
    follows: 'One rejection closes the request, and its approvals are void. The version keeps its stage.',
    tone: 'bad',
    facts: [
      ['Version', `${version.model} version ${version.number}`],
      ['Requested by', transitionRequest.requestedBy],
    ],
    action: requestPath(transitionRequest.id, 'reject'),
    fields: hidden('role', role),
    why: { name: 'comment', label: 'Why not' },
    label: 'Reject',
    kind: 'danger',
    back: requestPath(transitionRequest.id),
  };
}

async function wholeRequest(registry: Registry, by: Principal, id: string) {
  const request = await registry.transition(by, id);
  const version = await registry.version(by, { id: request.version });
  const decision = (await registry.decisions(by, version.id)).find(({ stage }) => stage === request.to);
  return { request, version, decision };
}

/** What a voter looks at: the assessment that the decision rests on, and how it differs from what stands at the stage. */
async function assessedFor(
  registry: Registry,
  by: Principal,
  { version, request, decision }: Awaited<ReturnType<typeof wholeRequest>>,
): Promise<AssessedRequest | undefined> {
  const assessments = await registry.assessments(by, version.id);
  const newest = assessments.find(({ id }) => id === decision?.assessment) ?? assessments[0];
  if (newest === undefined) return undefined;
  const { findings, files } = newest.assessment;
  return {
    findings: [...findings].sort((a, b) => severityRank(b.severity) - severityRank(a.severity)),
    files,
    changes: await changesAt(registry, by, version, request.to),
  };
}

/** Versions among which the one that stands at a stage is looked for, the newest first. */
const LOOKED_AT = 200;

async function changesAt(registry: Registry, by: Principal, version: Version, stage: Stage) {
  const { items } = await registry.versions(by, version.model, { limit: LOOKED_AT });
  const before = items.find((one) => one.stage === stage && one.id !== version.id);
  if (before === undefined) return undefined;
  return { before, diff: await diffOf(registry, by, before, version) };
}

async function namesOf(
  registry: Registry,
  by: Principal,
  requests: readonly Transition[],
): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  for (const { version: id } of requests) {
    if (names.has(id)) continue;
    const { model, number } = await registry.version(by, { id });
    names.set(id, `${model} ${number}`);
  }
  return names;
}

/** After a double press, the first one counts as the vote. */
function hasVoted(by: Principal, { votes }: Transition, vote: Transition['votes'][number]['vote']): boolean {
  return votes.some((one) => one.vote === vote && one.by === nameOf(by));
}

/** Says early, and in words, what the registry would refuse. @throws ServiceError */
function checkVoter(by: Principal, { requestedBy, state }: Transition): void {
  if (state !== 'open') throw new ServiceError(409, 'ended', `the request is ${state}`);
  if (requestedBy === nameOf(by))
    throw new ServiceError(
      403,
      'own-request',
      'you requested this transition, and a requester cannot vote on it; another person must vote',
    );
}

function needsVoteOf(by: Principal, request: Transition): boolean {
  const { requestedBy, votes, needed } = request;
  const name = nameOf(by);
  if (requestedBy === name || votes.some((one) => one.by === name)) return false;
  return VOTING.some((role) => by.roles.includes(role) && needed.some((one) => one.role === role && one.count > 0));
}

/** Roles that are still needed, or any that votes when the policy alone asks for more. */
function votingRoles({ roles }: Principal, { needed }: Transition): readonly Role[] {
  const mine = VOTING.filter((role) => roles.includes(role));
  const wanted = mine.filter((role) => needed.some((one) => one.role === role && one.count > 0));
  return wanted.length > 0 ? wanted : mine;
}

function decided(decision: StoredDecision | undefined): StoredDecision {
  if (decision === undefined) throw new ServiceError(409, 'no-decision', 'there is no decision for this stage yet');
  return decision;
}
