import { consoleRoutes } from '../console/index.ts';
import { sessionRoutes } from '../console/routes/index.ts';
import type { Routes } from '../context.ts';
import { hubRoutes } from '../hub-proxy/index.ts';
import { adapterRoutes } from '../mlflow-sync/index.ts';
import {
  auditRoutes,
  batchRoutes,
  conversionRoutes,
  dataCheckRoutes,
  decisionRoutes,
  eventRoutes,
  healthRoutes,
  imageRoutes,
  jobRoutes,
  metricsRoutes,
  modelRoutes,
  openapiRoutes,
  policyRoutes,
  reportRoutes,
  snapshotRoutes,
  testRoutes,
  testRunRoutes,
  tokenRoutes,
  transitionRoutes,
  uploadRoutes,
  versionRoutes,
  waiverRoutes,
  webhookRoutes,
} from '../routes/index.ts';
import { usageRoutes } from '../usage/index.ts';

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
  conversionRoutes,
  testRoutes,
  testRunRoutes,
  dataCheckRoutes,
  modelRoutes,
  policyRoutes,
  reportRoutes,
  transitionRoutes,
  uploadRoutes,
  usageRoutes,
  versionRoutes,
  imageRoutes,
  waiverRoutes,
  webhookRoutes,
];
