import { object, oneOf, optionalOf } from '../../../core/schema/index.ts';
import { JOB_STATES } from '../../../registry/api/index.ts';
import type { Job, JobState, JobStore, Principal } from '../../../registry/index.ts';
import type { Routes } from '../../context.ts';
import { eventStreams, ID_PARAMS, READERS, SUBMITTERS } from '../../http/index.ts';
import { hasEnded } from '../../jobs/index.ts';
import { followJobs } from '../follow-jobs.ts';
import { sendPage, viewerOf } from '../layout.ts';
import { HOME, jobPath, said } from '../links.ts';
import { jobBlock, jobPage, jobRow, jobsPage } from '../pages/index.ts';
import { AFTER_QUERY, after, EMPTY_FORM, HIDDEN, SAID_QUERY } from './form-kit.ts';

const PATH = `${HOME}/jobs`;
const STATE_QUERY = { state: optionalOf(oneOf(JOB_STATES, 'Only in this state')) };

export const jobPages: Routes = (app, context) => {
  const { registry, queue } = context;
  const streams = eventStreams(app);

  app.get(
    PATH,
    {
      config: { access: READERS },
      schema: { ...HIDDEN, querystring: object({ ...AFTER_QUERY, ...STATE_QUERY, ...SAID_QUERY }) },
    },
    async (request, reply) => {
      const { principal, query } = request;
      const { state, said } = query;
      const jobs = await registry.jobs.list(principal, { ...after(query), ...(state === undefined ? {} : { state }) });
      return sendPage(reply, jobsPage(viewerOf(request), { jobs, state, after: query.after, said }));
    },
  );

  app.get(
    `${PATH}/events`,
    { exposeHeadRoute: false, config: { access: READERS }, schema: { ...HIDDEN, querystring: object(STATE_QUERY) } },
    async (request, reply) => {
      const { principal, query } = request;
      const { state } = query;
      const viewer = viewerOf(request);
      const look = shownJobs(registry.jobs, principal, state);
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

/** The newest jobs of all and of a state, and those that were among them until they ended. */
function shownJobs(
  jobs: Pick<JobStore, 'list' | 'get'>,
  by: Principal,
  state: JobState | undefined,
): () => Promise<readonly Job[]> {
  let going: readonly Job[] = [];
  return async () => {
    const lists = [await jobs.list(by), ...(state === undefined ? [] : [await jobs.list(by, { state })])];
    const found = new Map(lists.flatMap(({ items }) => items.map((job) => [job.id, job])));
    for (const { id } of going) if (!found.has(id)) found.set(id, await jobs.get(by, id));
    const all = [...found.values()];
    going = all.filter((job) => !hasEnded(job));
    return all;
  };
}
