import type { FastifyRequest } from 'fastify';
import type { Static } from '../../../core/schema/index.ts';
import { object, text } from '../../../core/schema/index.ts';
import { COMMENT, ID, StageSchema } from '../../../registry/api/index.ts';
import { type ApprovalRecord, STAGES, type Stage, type Version } from '../../../registry/index.ts';
import { code } from '../../../report/html/index.ts';
import type { Routes } from '../../context.ts';
import { ID_PARAMS, REQUESTERS, REVIEWERS } from '../../http/index.ts';
import { ServiceError } from '../../problems/index.ts';
import { type Draft, typedInto } from '../draft.ts';
import { sendPage, viewerOf } from '../layout.ts';
import { HOME, requestPath, revokePath, said, versionPath } from '../links.ts';
import { type ActView, actPage, boundTo, crumbsOf } from '../pages/index.ts';
import { hidden } from '../parts.ts';
import { showAgain } from '../show-again.ts';
import { stageChip } from '../tables.ts';
import { STAGE_WORDS } from '../words.ts';
import { HIDDEN, idIn, REASON_FORM, typed } from './form-kit.ts';

const PATH = `${HOME}/versions/:id`;
const ApprovalParams = object({ ...ID_PARAMS.properties, approval: text('Id of the approval', ID) });

const STOPS = {
  quarantine: {
    label: 'Quarantine it',
    title: 'Quarantine a version',
    tone: 'bad',
    said: 'quarantined',
    follows:
      'The Hub proxy and the webhook deny it at once, at any stage, and its approvals are void. Its release needs the approvals of production, and makes it a candidate.',
  },
  retire: {
    label: 'Retire it',
    title: 'Retire a version',
    tone: 'caution',
    said: 'retired',
    follows: 'The Hub proxy and the webhook deny it from now on. This cannot be undone.',
  },
} as const;

/** What people do to a version: ask for a stage, stop it, revoke an approval. */
export const versionActs: Routes = (app, { registry }) => {
  app.get(
    `${PATH}/request`,
    {
      config: { access: REQUESTERS },
      schema: { ...HIDDEN, params: ID_PARAMS, querystring: object({ to: StageSchema }) },
    },
    async (request, reply) => {
      const version = await registry.version(request.principal, { id: request.params.id });
      return sendPage(reply, actPage(viewerOf(request), askFor(version, request.query.to)));
    },
  );
  app.post(
    `${PATH}/request`,
    {
      config: { access: REQUESTERS },
      schema: { ...HIDDEN, params: ID_PARAMS, body: object({ to: StageSchema, comment: text('Why', COMMENT) }) },
      errorHandler: showAgain(async (request, draft) => {
        const version = await registry.version(request.principal, { id: idIn(request) });
        const to = STAGES.find((one) => one === typedInto(draft, 'to')) ?? 'staging';
        return actPage(viewerOf(request), { ...askFor(version, to), draft });
      }),
    },
    async ({ principal, params, body }, reply) => {
      const { id } = await registry.requestTransition(principal, params.id, body.to, typed(body.comment));
      return reply.redirect(said(requestPath(id), 'requested'), 303);
    },
  );

  for (const act of ['quarantine', 'retire'] as const) {
    const page = async (request: FastifyRequest, draft?: Draft) => {
      const version = await registry.version(request.principal, { id: idIn(request) });
      return actPage(viewerOf(request), { ...stop(version, act), draft });
    };
    app.get(
      `${PATH}/${act}`,
      { config: { access: REVIEWERS }, schema: { ...HIDDEN, params: ID_PARAMS } },
      async (request, reply) => sendPage(reply, await page(request)),
    );
    app.post(
      `${PATH}/${act}`,
      {
        config: { access: REVIEWERS },
        schema: { ...HIDDEN, params: ID_PARAMS, body: REASON_FORM },
        errorHandler: showAgain(page),
      },
      async ({ principal, params, body }, reply) => {
        const { id } = await registry[act](principal, params.id, typed(body.reason));
        return reply.redirect(said(versionPath(id), STOPS[act].said), 303);
      },
    );
  }

  const revocation = async (request: FastifyRequest, draft?: Draft) => {
    const { principal, params } = request;
    const { approval: wanted } = params as Static<typeof ApprovalParams>;
    const version = await registry.version(principal, { id: idIn(request) });
    const approval = (await registry.approvals(principal, version.id)).find(({ id }) => id === wanted);
    if (approval === undefined) throw new ServiceError(404, 'not-found', 'the approval does not exist');
    return actPage(viewerOf(request), { ...revoke(version, approval), draft });
  };
  app.get(
    `${PATH}/approvals/:approval/revoke`,
    { config: { access: REVIEWERS }, schema: { ...HIDDEN, params: ApprovalParams } },
    async (request, reply) => sendPage(reply, await revocation(request)),
  );
  app.post(
    `${PATH}/approvals/:approval/revoke`,
    {
      config: { access: REVIEWERS },
      schema: { ...HIDDEN, params: ApprovalParams, body: REASON_FORM },
      errorHandler: showAgain(revocation),
    },
    async ({ principal, params, body }, reply) => {
      const { version } = await registry.revoke(principal, params.approval, typed(body.reason));
      return reply.redirect(said(versionPath(version), 'approval-revoked'), 303);
    },
  );
};

function askFor(version: Version, to: Stage): ActView {
  const stage = STAGE_WORDS[to].text.toLowerCase();
  return {
    ...about(version),
    title: `Request ${stage}`,
    follows: 'Others then review the request and vote; you cannot. Give a reason that they can judge.',
    tone: 'open',
    action: versionPath(version.id, 'request'),
    fields: hidden('to', to),
    why: { name: 'comment', label: 'Reason for the request' },
    label: `Request ${stage}`,
    kind: 'main',
  };
}

function stop(version: Version, act: keyof typeof STOPS): ActView {
  const { label, title, tone, follows } = STOPS[act];
  const why = { name: 'reason', label: 'Why' } as const;
  const action = versionPath(version.id, act);
  return { ...about(version), title, follows, tone, action, fields: '', why, label, kind: 'danger' };
}

function revoke(version: Version, approval: ApprovalRecord): ActView {
  return {
    ...about(version),
    title: 'Revoke an approval',
    facts: [
      ...about(version).facts,
      ['Approved by', approval.signer],
      ['For', STAGE_WORDS[approval.stage].text],
      ['Bound to', boundTo(approval)],
    ],
    follows:
      'The webhook denies what depends on it from now on. The version keeps its stage until it is approved again.',
    tone: 'bad',
    action: revokePath(version.id, approval.id),
    fields: '',
    why: { name: 'reason', label: 'Why' },
    label: 'Revoke the approval',
    kind: 'danger',
  };
}

/** What every act on a version shows of it. */
function about(version: Version) {
  const name = `${version.model} version ${version.number}`;
  return {
    place: 'models',
    crumbs: [...crumbsOf(version), { href: versionPath(version.id), text: `version ${version.number}` }],
    facts: [
      ['Version', name],
      ['Digest', code(version.digest)],
      ['Stands at', stageChip(version.stage)],
    ],
    back: versionPath(version.id),
  } as const;
}
