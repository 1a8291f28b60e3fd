import type { Routes } from './context.ts';
import { healthRoutes } from './routes/health.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { openapiRoutes } from './routes/openapi.ts';
import { sessionRoutes } from './routes/session.ts';
import { tokenRoutes } from './routes/tokens.ts';

/** Everything that the service answers. Each is registered in a scope of its own: its parsers and hooks are its own, too. */
export const ROUTES: readonly Routes[] = [healthRoutes, openapiRoutes, metricsRoutes, sessionRoutes, tokenRoutes];
