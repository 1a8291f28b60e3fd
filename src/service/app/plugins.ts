import { sessionRoutes } from '../console/routes/session.ts';
import { consoleRoutes } from '../console/routes.ts';
import type { Routes } from '../context.ts';
import { hubRoutes } from '../hub-proxy/routes.ts';
import { adapterRoutes } from '../mlflow-sync/routes.ts';
import { auditRoutes } from '../routes/audit.ts';
import { batchRoutes } from '../routes/batches.ts';
import { decisionRoutes } from '../routes/decisions.ts';
import { eventRoutes } from '../routes/events.ts';
import { healthRoutes } from '../routes/health.ts';
import { jobRoutes } from '../routes/jobs.ts';
import { metricsRoutes } from '../routes/metrics.ts';
import { modelRoutes } from '../routes/models.ts';
import { openapiRoutes } from '../routes/openapi.ts';
import { policyRoutes } from '../routes/policies.ts';
import { reportRoutes } from '../routes/reports.ts';
import { snapshotRoutes } from '../routes/snapshot.ts';
import { tokenRoutes } from '../routes/tokens.ts';
import { transitionRoutes } from '../routes/transitions.ts';
import { uploadRoutes } from '../routes/uploads.ts';
import { versionRoutes } from '../routes/versions.ts';
import { waiverRoutes } from '../routes/waivers.ts';
import { webhookRoutes } from '../routes/webhooks.ts';

/** Everything that the service answers. Each is registered in a scope of its own: its parsers and hooks are its own, too. */
export const ROUTES: readonly Routes[] = [
  healthRoutes,
  openapiRoutes,
  metricsRoutes,
  sessionRoutes,
  snapshotRoutes,
  consoleRoutes,
  tokenRoutes,
  auditRoutes,
  decisionRoutes,
  eventRoutes,
  adapterRoutes,
  hubRoutes,
  jobRoutes,
  batchRoutes,
  modelRoutes,
  policyRoutes,
  reportRoutes,
  transitionRoutes,
  uploadRoutes,
  versionRoutes,
  waiverRoutes,
  webhookRoutes,
];
