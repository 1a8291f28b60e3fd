import type { FastifyReply, FastifyRequest } from 'fastify';
import { opaque } from '../../core/schema/index.ts';
import type { App } from '../fastify-app.ts';
import { ASKERS, PUBLIC } from '../http/index.ts';
import { ServiceError } from '../problems/index.ts';
import { HubRefusal } from './error.ts';

const Who = opaque<object>({ type: 'object', description: 'Who asks, as the Hub describes a user' });
const UPLOADS = ['POST', 'PUT', 'PATCH', 'DELETE'];

/** `huggingface_hub.login()` and `hf auth login` ask who somebody is before anything is loaded. */
export function addAccount(app: App, base: string): void {
  app.get(
    `${base}/api/whoami-v2`,
    {
      exposeHeadRoute: false,
      config: { access: ASKERS },
      schema: { tags: ['hub'], summary: 'Whose token this is', response: { 200: Who } },
    },
    async ({ principal: { subject, tenant } }) => ({
      type: 'user',
      id: `${tenant}/${subject}`,
      name: subject,
      fullname: subject,
      orgs: [{ type: 'org', id: tenant, name: tenant, fullname: tenant }],
      isPro: false,
      auth: { type: 'access_token', accessToken: { displayName: subject, role: 'read' } },
    }),
  );
}

/** Answers all other routes with not found, in a form that the clients of the Hub display. */
export function addElse(app: App, base: string): void {
  const everything = { url: `${base}/*`, config: { access: PUBLIC }, schema: { hide: true } };
  app.route({
    ...everything,
    method: 'GET',
    handler: async () => {
      const detail = 'this is the Hub proxy of Assay: it serves models only';
      throw new HubRefusal([404, 'no-model', 'RepoNotFound'], detail);
    },
  });
  const takeNothing = async (_request: FastifyRequest, reply: FastifyReply) => {
    reply.header('allow', 'GET, HEAD');
    const hint = 'to upload, set HF_ENDPOINT to the Hub itself, and HF_TOKEN to a token of the Hub';
    throw new ServiceError(405, 'wrong-method', `this is the Hub proxy of Assay: it accepts no uploads; ${hint}`);
  };
  // Before the body is read: it may be a whole model.
  app.route({ ...everything, method: UPLOADS, onRequest: takeNothing, handler: takeNothing });
}
