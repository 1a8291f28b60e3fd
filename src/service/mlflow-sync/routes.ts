import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { FastifyRequest } from 'fastify';
import { isAssayError } from '../../core/index.ts';
import { formatReference } from '../../core/reference/index.ts';
import { list, object, objectOf, optionalOf, text } from '../../core/schema/index.ts';
import type { Principal } from '../../registry/index.ts';
import type { Routes, ServiceContext } from '../context.ts';
import { PUBLIC } from '../http/index.ts';
import { HubPush, pushedCommits } from '../hub-proxy/index.ts';
import { checkJobRequest, submit } from '../jobs/index.ts';
import { ServiceError } from '../problems/index.ts';
import { webhookSecret } from '../worker/index.ts';
import { SeenDeliveries } from './seen-deliveries.ts';
import { checkMlflowSignature, isSecret, MAX_AGE_MS } from './signature.ts';
import { MlflowTeller } from './teller.ts';

const TENANT = object({
  tenant: text('The tenant whose models these are', { pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' }),
});
/** What MLflow takes for a name of a model, in one line. */
const MODEL = '^(?=.*\\S)[^/:\\u0000-\\u001f\\u007f]+$';
/** Larger than any delivery. */
const MAX_BODY = 256 * 1024;
const Taken = object({
  jobs: list(text('Id of a job'), 'The scans that this asked for; none when it is of no interest'),
});

/** The body that MLflow sends; other fields are ignored. */
const MlflowEvent = objectOf(
  {
    entity: text('`model_version`', { maxLength: 100 }),
    action: text('`created`', { maxLength: 100 }),
    data: objectOf(
      {
        name: optionalOf(text('The model', { maxLength: 500, pattern: MODEL })),
        version: optionalOf(text('Its version', { pattern: '^\\d{1,18}$' })),
      },
      { more: true, description: 'Of what happened' },
    ),
  },
  { more: true, description: 'As MLflow 3 sends it' },
);

/** MLflow announces new versions, and authenticates with a secret instead of a token. */
export const adapterRoutes: Routes = (app, context) => {
  const { config } = context;
  const teller = new MlflowTeller(context, (message) => app.log.warn(message));
  app.addHook('onReady', () => teller.start());
  app.addHook('onClose', () => teller.close());
  const seen = new SeenDeliveries(join(config.dataFolder, 'gate-deliveries'), 3 * MAX_AGE_MS);
  const bodies = new WeakMap<FastifyRequest, Buffer>();
  app.removeContentTypeParser('application/json');
  // The signature covers the received bytes.
  app.addContentTypeParser('application/json', { parseAs: 'buffer', bodyLimit: MAX_BODY }, (request, body, done) => {
    const bytes = Buffer.from(body);
    bodies.set(request, bytes);
    try {
      done(null, JSON.parse(bytes.toString('utf8')));
    } catch (cause) {
      done(new ServiceError(400, 'malformed-body', 'the body is not JSON', { cause }));
    }
  });

  app.post(
    '/v1/adapters/mlflow/:tenant',
    {
      config: { access: PUBLIC },
      schema: {
        tags: ['adapters'],
        summary:
          'Webhook of MLflow 3 for `model_version.created`, signed with the MLFLOW_WEBHOOK_SECRET of the tenant: the version is ' +
          'scanned, and the result is written to the tags in MLflow and, when it may run, to an alias',
        params: TENANT,
        body: MlflowEvent,
        response: { 202: Taken },
      },
      preValidation: async (request) => {
        const secret = await webhookSecret(config, request.params.tenant, 'MLFLOW_WEBHOOK_SECRET');
        checkMlflowSignature(request.headers, bodies.get(request) ?? Buffer.alloc(0), secret, new Date());
      },
    },
    async (request, reply) => {
      const { tenant } = request.params;
      const forget = await seen.admit(`${tenant} ${request.headers['x-mlflow-delivery-id']}`);
      if (forget === undefined) throw new ServiceError(409, 'replayed-webhook', 'this delivery was already received');
      try {
        const { entity, action, data } = request.body;
        const { name, version } = data;
        const isNew = entity === 'model_version' && action === 'created';
        if (!isNew || name === undefined || version === undefined) return reply.code(202).send({ jobs: [] });
        const ref = formatReference({ kind: 'models', name, at: { version: String(BigInt(version)) } });
        const job = await scan(context, agent(tenant, 'mlflow'), ref, modelOf(name));
        await teller.add(tenant, { name, version: String(BigInt(version)), job, here: null, told: null });
        return reply.code(202).send({ jobs: [job] });
      } catch (error) {
        // MLflow tries again with the same id.
        await forget();
        throw error;
      }
    },
  );

  app.post(
    '/v1/adapters/huggingface/:tenant',
    {
      config: { access: PUBLIC },
      schema: {
        tags: ['adapters'],
        summary:
          'Webhook of the Hub, with the HF_WEBHOOK_SECRET of the tenant in `X-Webhook-Secret`: the commits to which branches and ' +
          'tags moved are scanned. The same again changes nothing',
        params: TENANT,
        body: HubPush,
        response: { 202: Taken },
      },
      preValidation: async (request) => {
        const secret = await webhookSecret(config, request.params.tenant, 'HF_WEBHOOK_SECRET');
        const given = request.headers['x-webhook-secret'];
        if (secret === undefined || typeof given !== 'string' || !isSecret(given, secret))
          throw new ServiceError(401, 'bad-signature', 'this request does not have the secret of the webhook');
      },
    },
    async ({ params, body }, reply) => {
      const by = agent(params.tenant, 'huggingface');
      const jobs: string[] = [];
      for (const ref of pushedCommits(body)) {
        const known = await context.registry.versionsOf(by, { ref });
        if (known.length === 0) jobs.push(await scan(context, by, ref));
      }
      return reply.code(202).send({ jobs });
    },
  );
};

function agent(tenant: string, subject: string): Principal {
  return { tenant, subject, issuer: null, roles: ['submitter'], via: 'local' };
}

async function scan(context: ServiceContext, by: Principal, ref: string, model?: string): Promise<string> {
  try {
    const checked = await checkJobRequest(context, by, { ref, ...(model === undefined ? {} : { model }) });
    return (await submit(context, by, checked)).job.id;
  } catch (cause) {
    if (!isAssayError(cause) || cause.code !== 'usage') throw cause;
    throw new ServiceError(422, 'no-model', `this event names no model: ${cause.message}`, { cause });
  }
}

/** Names of MLflow may have any characters; where ours may not, a digest keeps two of them apart. */
function modelOf(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 150);
  const isSame = plain === name && plain !== '.' && plain !== '..';
  return `mlflow/${isSame ? plain : `${plain}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`}`;
}
