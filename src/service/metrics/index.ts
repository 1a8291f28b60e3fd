export { addMetrics, type ServiceMetrics } from './metrics.ts';
export { listenForMetrics } from './metrics-listener.ts';
export { METRICS, type MetricName } from './names.ts';
export { onRequestEnd } from './request-end.ts';
