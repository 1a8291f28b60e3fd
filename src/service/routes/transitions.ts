import { object, oneOf, optionalOf, text } from '../../core/schema/index.ts';
import {
  ApprovalSchema,
  ApprovalsSchema,
  ApproveSchema,
  ID,
  pageSchema,
  ReasonSchema,
  RejectSchema,
  TRANSITION_STATES,
  TransitionRequestSchema,
  TransitionSchema,
  VOTING_ROLES,
} from '../../registry/api/index.ts';
import type { Principal, Role, Transition } from '../../registry/index.ts';
import type { Routes } from '../context.ts';
import { ID_PARAMS, PAGE_QUERY, pageRequestOf, READERS, REQUESTERS, REVIEWERS, UNCHANGED } from '../http/index.ts';
import { isKnown } from './conditional.ts';

export const transitionRoutes: Routes = (app, { registry }) => {
  app.get(
    '/v1/transitions',
    {
      config: { access: READERS },
      schema: {
        tags: ['transitions'],
        summary: 'Requests to move a version to another stage',
        querystring: object({
          ...PAGE_QUERY,
          version: optionalOf(text('Only of this version', ID)),
          state: optionalOf(oneOf(TRANSITION_STATES, 'Only in this state')),
        }),
        response: { 200: pageSchema(TransitionSchema, 'Transitions') },
      },
    },
    ({ principal, query }) => {
      const { version, state } = query;
      const filter = { ...(version === undefined ? {} : { version }), ...(state === undefined ? {} : { state }) };
      return registry.transitions(principal, { ...pageRequestOf(query), ...filter });
    },
  );

  app.get(
    '/v1/transitions/:id',
    {
      config: { access: READERS },
      schema: {
        tags: ['transitions'],
        summary: 'A transition',
        params: ID_PARAMS,
        response: { 200: TransitionSchema, 304: UNCHANGED },
      },
    },
    async (request, reply) => {
      const transition = await registry.transition(request.principal, request.params.id);
      return isKnown(request, reply, transition) ? reply.code(304).send(undefined) : transition;
    },
  );

  app.post(
    '/v1/versions/:id/transition-requests',
    {
      config: { access: REQUESTERS },
      schema: {
        tags: ['transitions'],
        summary: 'Request to move a version to the next stage',
        params: ID_PARAMS,
        body: TransitionRequestSchema,
        response: { 201: TransitionSchema },
      },
    },
    async ({ principal, params, body }, reply) => {
      const transition = await registry.requestTransition(principal, params.id, body.to, body.comment);
      return reply.code(201).header('location', `/v1/transitions/${transition.id}`).send(transition);
    },
  );

  app.post(
    '/v1/transitions/:id/approve',
    {
      config: { access: REVIEWERS },
      schema: {
        tags: ['transitions'],
        summary: 'Approve; a requester cannot. The last required approval moves the version',
        description:
          'With what the approver saw (`decision`, `policyDigest`, `rulesetDigest`, each optional) it is `changed` (409) when something else stands by then, and nothing is approved.',
        params: ID_PARAMS,
        body: ApproveSchema,
        response: { 200: TransitionSchema },
      },
    },
    async ({ principal, params, body }) => {
      const { comment, attestation, until, decision, policyDigest, rulesetDigest } = body;
      const role = body.role ?? roleFor(principal, await registry.transition(principal, params.id));
      return registry.vote(principal, params.id, {
        vote: 'approve',
        role,
        comment,
        ...(attestation === undefined ? {} : { attestation }),
        ...(until === undefined ? {} : { until: new Date(until) }),
        seen: {
          ...(decision === undefined ? {} : { decision }),
          ...(policyDigest === undefined ? {} : { policyDigest }),
          ...(rulesetDigest === undefined ? {} : { rulesetDigest }),
        },
      });
    },
  );

  app.post(
    '/v1/transitions/:id/reject',
    {
      config: { access: REVIEWERS },
      schema: {
        tags: ['transitions'],
        summary: 'Reject, which ends the request',
        params: ID_PARAMS,
        body: RejectSchema,
        response: { 200: TransitionSchema },
      },
    },
    async ({ principal, params, body }) => {
      const role = body.role ?? roleFor(principal, await registry.transition(principal, params.id));
      return registry.vote(principal, params.id, { vote: 'reject', role, comment: body.comment });
    },
  );

  app.post(
    '/v1/transitions/:id/withdraw',
    {
      config: { access: REQUESTERS },
      schema: {
        tags: ['transitions'],
        summary: 'Withdraw a request',
        params: ID_PARAMS,
        response: { 200: TransitionSchema },
      },
    },
    ({ principal, params }) => registry.withdraw(principal, params.id),
  );

  app.get(
    '/v1/versions/:id/approvals',
    {
      config: { access: READERS },
      schema: {
        tags: ['approvals'],
        summary: 'Approvals of a version, including those that are no longer valid',
        params: ID_PARAMS,
        response: { 200: ApprovalsSchema },
      },
    },
    async ({ principal, params }) => ({ items: await registry.approvals(principal, params.id) }),
  );

  app.post(
    '/v1/approvals/:id/revoke',
    {
      config: { access: REVIEWERS },
      schema: {
        tags: ['approvals'],
        summary: 'Revoke an approval',
        params: ID_PARAMS,
        body: ReasonSchema,
        response: { 200: ApprovalSchema },
      },
    },
    ({ principal, params, body }) => registry.revoke(principal, params.id, body.reason),
  );
};

/** A role that the voter has and the transition still needs; else one that he has, about which the registry has a say. */
function roleFor({ roles }: Principal, { needed }: Transition): Role {
  const wanted = needed.find(({ role, count }) => count > 0 && roles.includes(role))?.role;
  return wanted ?? VOTING_ROLES.find((role) => roles.includes(role)) ?? 'reviewer';
}
