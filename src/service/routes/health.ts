import { literal, maybe, objectOf, union, wholeNumber } from '../../core/schema/index.ts';
import { OPERATOR_TENANT } from '../config.ts';
import type { Routes, ServiceContext } from '../context.ts';
import { PUBLIC } from '../http/index.ts';

const Alive = objectOf({ status: literal('alive') }, { more: false, description: 'The process runs' });

const Part = union([literal('ready'), literal('unavailable')]);
const Ready = objectOf(
  {
    status: Part,
    database: Part,
    queue: Part,
    snapshotAgeSeconds: maybe(wholeNumber({ minimum: 0 }), {
      description: "Since the newest snapshot of the operator's tenant was issued; null without one",
    }),
  },
  { more: false, description: 'Whether requests can be served, and by which parts' },
);

/** How long a part may take to say that it is ready. */
const PATIENCE_MS = 2_000;

/** For orchestrators and load balancers. */
export const healthRoutes: Routes = (app, context) => {
  const config = { access: PUBLIC, rateLimit: false } as const;
  app.get(
    '/healthz',
    { config, schema: { summary: 'Whether the process runs', tags: ['operation'], response: { 200: Alive } } },
    async () => ({ status: 'alive' as const }),
  );
  app.get(
    '/readyz',
    {
      config,
      schema: {
        summary: 'Whether the service can do its work',
        tags: ['operation'],
        response: { 200: Ready, 503: Ready },
      },
    },
    async (_request, reply) => {
      const [database, queue, snapshotAgeSeconds] = await Promise.all([
        // Found by its key: who asks often, signed in or not, costs the database next to nothing.
        state(async () => (await context.registry.jobs.state('none')) === undefined),
        state(() => context.queue.ready()),
        snapshotAge(context),
      ]);
      const status = database === 'ready' && queue === 'ready' ? 'ready' : 'unavailable';
      return reply.code(status === 'ready' ? 200 : 503).send({ status, database, queue, snapshotAgeSeconds });
    },
  );
};

async function state(check: () => Promise<boolean>): Promise<'ready' | 'unavailable'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), PATIENCE_MS);
  });
  // A part that throws is not ready; why is told by the requests that need it.
  const ready = await Promise.race([check().catch(() => false), late]);
  clearTimeout(timer);
  return ready ? 'ready' : 'unavailable';
}

async function snapshotAge({ snapshots }: ServiceContext): Promise<number | null> {
  const newest = await snapshots.newest(OPERATOR_TENANT).catch(() => undefined);
  return newest === undefined ? null : Math.max(0, Math.round((Date.now() - Date.parse(newest.issued)) / 1000));
}
