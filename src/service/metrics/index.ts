export { listenForMetrics } from './metrics-listener.ts';
export { type ServiceMetrics, addMetrics } from './metrics.ts';
export { onRequestEnd } from './request-end.ts';
