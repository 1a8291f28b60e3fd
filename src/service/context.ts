import type { Principal, Registry, Role } from '../registry/index.ts';
import type { Authenticator, Oidc, Sessions } from './auth/index.ts';
import type { ServiceConfig } from './config.ts';
import type { ConversionStore } from './conversions/index.ts';
import type { DataCheckStore } from './data-checks/index.ts';
import type { EventFeed } from './events/index.ts';
import type { App } from './fastify-app.ts';
import type { ServiceMetrics } from './metrics/index.ts';
import type { Queue } from './queue/index.ts';
import type { SnapshotStore } from './snapshot/index.ts';
import type { TestStore } from './tests/index.ts';
import type { UploadStore } from './uploads/index.ts';

/** The context of routes. */
export interface ServiceContext {
  readonly config: ServiceConfig;
  readonly registry: Registry;
  readonly queue: Queue;
  readonly events: EventFeed;
  readonly uploads: UploadStore;
  readonly conversions: ConversionStore;
  readonly tests: TestStore;
  readonly dataChecks: DataCheckStore;
  readonly snapshots: SnapshotStore;
}

export interface SignIn {
  readonly oidc: Oidc | null;
  readonly sessions: Sessions;
  readonly authenticator: Authenticator;
}

/** A group of routes. Each is one file in `routes/`, `console/` or `hub-proxy/`, and one line in `plugins.ts`. */
export type Routes = (app: App, context: ServiceContext) => void | Promise<void>;

/** Who may call a route: every route says so in its `config.access`, or the server does not start. */
export type Access =
  /** Health, the OpenAPI document, sign-in. */
  | { readonly kind: 'public' }
  /** Any of these roles, within the caller's tenant. `operator`: of the operator's tenant only. */
  | { readonly kind: 'roles'; readonly roles: readonly Role[]; readonly operator?: true };

/** Who may call one route, be it in the OpenAPI document or not. */
export interface AccessRule {
  readonly method: string;
  readonly url: string;
  readonly access: Access;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
    /** The body is a stream that may take as long as the whole request may, not the little time that JSON gets. */
    longBody?: true;
  }
  interface FastifyInstance {
    metrics: ServiceMetrics;
    /** Of every route. */
    accessRules: readonly AccessRule[];
    /** For the routes by which people sign in and out. */
    signIn: SignIn;
  }
  interface FastifyRequest {
    /** Set on every route that is not public; reading it elsewhere is a defect. */
    principal: Principal;
    /** Of a session of the console: what its forms carry as `_csrf`. `null` with a token. */
    csrf: string | null;
  }
}
