import { randomUUID } from 'node:crypto';
import cookie from '@fastify/cookie';
import Fastify, { type FastifyReply, type FastifyRequest, LogController } from 'fastify';
import { type DestinationStream, type Logger, pino } from 'pino';
import { PROBLEM_TYPE, type ProblemCode } from '../../registry/api/index.ts';
import { createAuthenticator, createSessions, isOtherHost, openOidc } from '../auth/index.ts';
import { isForPeople, sendProblem } from '../console/index.ts';
import type { ServiceContext } from '../context.ts';
import type { App, SchemaTypes } from '../fastify-app.ts';
import { addOnce, addValidation, guardRoutes, principalOf } from '../http/index.ts';
import { addMetrics, onRequestEnd } from '../metrics/index.ts';
import { problemOf, ServiceError } from '../problems/index.ts';
import { addConnectionRules, type ConnectionTimes, connectionRules } from './connections.ts';
import { addNotFound } from './not-found.ts';
import { addOpenapi } from './openapi.ts';
import { ROUTES } from './plugins.ts';
import { addHeaders, addLimits } from './security.ts';
import { addTelemetry } from './telemetry.ts';

export interface AppOptions {
  /** Where the log goes; standard output when absent. */
  readonly log?: DestinationStream;
  /** How long clients may take. */
  readonly times?: Partial<ConnectionTimes>;
}

/** The server with every route, not yet listening. @throws AssayError `internal` for a route without an access rule. */
export async function createApp(context: ServiceContext, options: AppOptions = {}): Promise<App> {
  const { config } = context;
  const log = options.log ?? standardOutput();
  const app: App = Fastify({
    ...connectionRules(options.times),
    bodyLimit: config.limits.maxBodyBytes,
    requestTimeout: config.limits.requestTimeoutMs,
    trustProxy: config.trustedProxies.length === 0 ? false : [...config.trustedProxies],
    // The service writes its own line for each request.
    logController: new LogController({ disableRequestLogging: true }),
    logger: { level: config.logLevel, stream: log, redact: SECRET_FIELDS },
    requestIdHeader: false,
    genReqId: ({ headers }) => requestId(headers['x-request-id']),
    frameworkErrors: (error, request, reply) => answerProblem(error, request, reply),
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
  }).withTypeProvider<SchemaTypes>();

  await addTelemetry(app);
  app.removeContentTypeParser('text/plain');
  addValidation(app);
  addErrors(app, pino({ level: config.logLevel }, log));
  // Before every hook that refuses: refused requests count, too.
  addMetrics(app, context);
  addNotFound(app);
  addConnectionRules(app, options.times);
  await app.register(cookie);
  addHeaders(app, config.publicUrl);
  const oidc = config.oidc === null ? null : openOidc(config.oidc);
  const sessions = createSessions(config);
  const authenticator = createAuthenticator({ ...context, oidc, sessions, publicUrl: config.publicUrl });
  app.decorate('signIn', { oidc, sessions, authenticator });
  app.addHook('onClose', async () => oidc?.close());
  addHostRule(app, config.publicUrl);
  await addLimits(app, config);
  guardRoutes(app, authenticator);
  addOnce(app, context.registry);
  await addOpenapi(app);
  for (const routes of ROUTES) await app.register(async (scope) => routes(scope, context));
  await app.ready();
  return app;
}

/** Pages are for one address: forms and sign-ins of another one would fail later, with less to go by. Programs may use any. */
function addHostRule(app: App, publicUrl: string): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (!isForPeople(request) || !isOtherHost(request, publicUrl)) return done();
    const why = `you came by ${request.headers.host ?? 'no host'}, and this service is configured for ${publicUrl}`;
    const hint = `open ${publicUrl}, or have its operator set ASSAY_PUBLIC_URL to the address that people use`;
    done(new ServiceError(421, 'wrong-host', `${why}; ${hint}`));
  });
}

/** A reference in an address may be as long as a reference may be. */
const MAX_PARAM_LENGTH = 2048;
const REQUEST_ID = /^[\w.-]{8,64}$/;

/** The request id of the proxy in front, so that both logs have the same id. */
function requestId(given: string | string[] | undefined): string {
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

const SECRET_FIELDS = ['req.headers', 'res.headers', '*.authorization', '*.cookie', '*.secret', '*.token'];
/** Lines are written together: a write for each costs a busy service more than its answer does. */
const LOG_BYTES = 4096;
const LOG_MS = 100;

function standardOutput(): DestinationStream {
  const log = pino.destination({ dest: 1, sync: false, minLength: LOG_BYTES, periodicFlush: LOG_MS });
  // As any other output that cannot be written: the command line tells why, and ends.
  log.on('error', (error: Error) => process.stdout.emit('error', error));
  return log;
}

/**
 * JSON lines, one for each request when it is answered, or its client has gone. No headers and no query: secrets travel there.
 * These lines hold no secrets, so they skip the redaction.
 */
function addErrors(app: App, log: Logger): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  onRequestEnd(app, (request, reply, { kind, ip }) => {
    const { id, method, url } = request;
    const status = kind === 'answered' || reply.raw.headersSent ? reply.statusCode : null;
    const line = { reqId: id, method, path: url.split('?')[0], status };
    const by = principalOf(request)?.subject ?? null;
    log.info({ ...line, ms: Math.round(reply.elapsedTime), ip, by }, kind);
  });
  app.setErrorHandler(answerProblem);
}

/** Seconds until a retry: scans take minutes, an unavailable part is mostly back soon. */
const RETRY_SECONDS: Readonly<Partial<Record<ProblemCode, number>>> = {
  'idempotency-key-in-use': 1,
  'queue-full': 60,
  'issuer-unavailable': 5,
  overloaded: 5,
  'too-many-streams': 5,
  unavailable: 5,
};

function answerProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemOf(error, request.id);
  // Errors of the service need no stack; a defect does.
  const err = error instanceof ServiceError ? (error.cause ?? error.message) : error;
  if (problem.status >= 500) request.log.error({ err, code: problem.code }, 'request failed');
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="assay"');
  const seconds = RETRY_SECONDS[problem.code];
  if (seconds !== undefined) reply.header('retry-after', seconds);
  if (isForPeople(request)) return sendProblem(request, reply, problem);
  return reply.code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem));
}
