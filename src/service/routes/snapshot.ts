import { text } from '../../core/schema/index.ts';
import type { Routes } from '../context.ts';
import { ASKERS, eventStreams, UNCHANGED } from '../http/index.ts';
import { ServiceError } from '../problems/index.ts';
import { matches } from './conditional.ts';

/** A Sigstore bundle (https://docs.sigstore.dev/about/bundle/). */
const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

export const snapshotRoutes: Routes = (app, { snapshots, events }) => {
  const streams = eventStreams(app);

  app.get(
    '/v1/snapshot',
    {
      config: { access: ASKERS },
      schema: {
        tags: ['snapshot'],
        summary: 'The newest signed snapshot of the decisions of your tenant, as its writer signed it',
        produces: [BUNDLE],
        response: { 200: text('A Sigstore bundle; verify it with the key of the writer'), 304: UNCHANGED },
      },
    },
    async (request, reply) => {
      const newest = await snapshots.newest(request.principal.tenant);
      if (newest === undefined)
        throw new ServiceError(404, 'no-snapshot', 'no snapshot was written for this tenant yet');
      reply.header('etag', newest.etag).header('cache-control', 'private, no-cache');
      if (matches(request.headers['if-none-match'], newest.etag)) return reply.code(304).send(undefined);
      return reply.type(BUNDLE).send(newest.body as never);
    },
  );

  app.get(
    '/v1/snapshot/events',
    {
      exposeHeadRoute: false,
      config: { access: ASKERS },
      schema: {
        tags: ['snapshot'],
        summary: 'Sends the newest snapshot, and each newer one (Server-Sent Events): `snapshot` with its version',
        produces: ['text/event-stream'],
        response: { 200: text('Events') },
      },
    },
    async (request, reply) => {
      const { tenant } = request.principal;
      const newest = await snapshots.newest(tenant);
      const stream = streams.open(request, reply);
      let told = newest?.version ?? 0;
      const tell = (version: number) => stream.send({ event: 'snapshot', data: { version } });
      if (newest !== undefined) tell(told);
      const unsubscribe = events.subscribe(tenant, (event) => {
        if (event.kind !== 'snapshot' || event.version <= told) return;
        told = event.version;
        tell(told);
      });
      stream.ended.addEventListener('abort', unsubscribe);
      // One that came between the look and the listening.
      const now = await snapshots.newest(tenant);
      if (now !== undefined && now.version > told) {
        told = now.version;
        tell(told);
      }
    },
  );
};
