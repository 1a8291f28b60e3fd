import { object, oneOf, optionalOf } from '../../../core/schema/index.ts';
import { JOB_KINDS, JOB_STATES } from '../../../registry/api/index.ts';
import type { Job, JobFilter, JobStore, Principal } from '../../../registry/index.ts';
import type { Routes } from '../../context.ts';
import { eventStreams, ID_PARAMS, READERS, SUBMITTERS } from '../../http/index.ts';
import { hasEnded } from '../../jobs/index.ts';
import { followJobs } from '../follow-jobs.ts';
import { sendPage, viewerOf } from '../layout.ts';
import { HOME, jobPath, said } from '../links.ts';
import { jobBlock, jobPage, jobRow, jobsPage } from '../pages/index.ts';
import { AFTER_QUERY, after, EMPTY_FORM, HIDDEN, SAID_QUERY } from './form-kit.ts';

const PATH = `${HOME}/jobs`;
const FILTER_QUERY = {
  state: optionalOf(oneOf(JOB_STATES, 'Only in this state')),
  kind: optionalOf(oneOf(JOB_KINDS, 'Only of this kind')),
};

export const jobPages: Routes = (app, context) => {
  const { registry, queue } = context;
  const streams = eventStreams(app);

  app.get(
    PATH,
    {
      config: { access: READERS },
      schema: { ...HIDDEN, querystring: object({ ...AFTER_QUERY, ...FILTER_QUERY, ...SAID_QUERY }) },
    },
    async (request, reply) => {
      const { principal, query } = request;
      const { state, kind, said } = query;
      const jobs = await registry.jobs.list(principal, { ...after(query), ...filterOf(query) });
      return sendPage(reply, jobsPage(viewerOf(request), { jobs, state, kind, after: query.after, said }));
    },
  );

  app.get(
    `${PATH}/events`,
    { exposeHeadRoute: false, config: { access: READERS }, schema: { ...HIDDEN, querystring: object(FILTER_QUERY) } },
    async (request, reply) => {
      const { principal, query } = request;
      const viewer = viewerOf(request);
      const look = shownJobs(registry.jobs, principal, filterOf(query));
      await followJobs(context, request, streams.open(request, reply), {
        look,
        draw: (job) => jobRow(viewer, job),
        isOver: () => false,
      });
    },
  );

  app.get(
    `${PATH}/:id`,
    { config: { access: READERS }, schema: { ...HIDDEN, params: ID_PARAMS, querystring: object(SAID_QUERY) } },
    async (request, reply) => {
      const job = await registry.jobs.get(request.principal, request.params.id);
      return sendPage(reply, jobPage(viewerOf(request), { job, said: request.query.said }));
    },
  );

  app.get(
    `${PATH}/:id/events`,
    { exposeHeadRoute: false, config: { access: READERS }, schema: { ...HIDDEN, params: ID_PARAMS } },
    async (request, reply) => {
      const { principal, params } = request;
      const viewer = viewerOf(request);
      await registry.jobs.get(principal, params.id);
      await followJobs(context, request, streams.open(request, reply), {
        look: async () => [await registry.jobs.get(principal, params.id)],
        draw: (job) => jobBlock(viewer, job),
        isOver: (jobs: readonly Job[]) => jobs.every(hasEnded),
      });
    },
  );

  app.post(
    `${PATH}/:id/cancel`,
    { config: { access: SUBMITTERS }, schema: { ...HIDDEN, params: ID_PARAMS, body: EMPTY_FORM } },
    async ({ principal, params }, reply) => {
      const { id } = await registry.jobs.cancel(principal, params.id);
      await queue.cancel(id);
      return reply.redirect(said(jobPath(id), 'job-cancelled'), 303);
    },
  );
};

function filterOf({ state, kind }: { readonly [K in keyof JobFilter]: JobFilter[K] | undefined }): JobFilter {
  return { ...(state === undefined ? {} : { state }), ...(kind === undefined ? {} : { kind }) };
}

/** The newest jobs of all and of a state or kind, and those that were among them until they ended. */
function shownJobs(
  jobs: Pick<JobStore, 'list' | 'get'>,
  by: Principal,
  filter: JobFilter,
): () => Promise<readonly Job[]> {
  let going: readonly Job[] = [];
  return async () => {
    const isAll = filter.state === undefined && filter.kind === undefined;
    const lists = [await jobs.list(by), ...(isAll ? [] : [await jobs.list(by, filter)])];
    const found = new Map(lists.flatMap(({ items }) => items.map((job) => [job.id, job])));
    for (const { id } of going) if (!found.has(id)) found.set(id, await jobs.get(by, id));
    const all = [...found.values()];
    going = all.filter((job) => !hasEnded(job));
    return all;
  };
}
