import { ProxyTracerProvider, trace } from '@opentelemetry/api';
import type { App } from '../fastify-app.ts';

/**
 * Spans for each request, when the operator registered an OpenTelemetry SDK before the service (`node --import`).
 * The service brings none: without one nothing is loaded.
 */
export async function addTelemetry(app: App): Promise<void> {
  if (!hasTracer()) return;
  const { FastifyOtelInstrumentation } = await import('@fastify/otel');
  const instrumentation = new FastifyOtelInstrumentation({
    instrumentHooks: false,
    ignorePaths: ({ url }) => url === '/healthz',
  });
  instrumentation.setTracerProvider(trace.getTracerProvider());
  await app.register(instrumentation.plugin());
}

function hasTracer(): boolean {
  const provider = trace.getTracerProvider();
  const none = new ProxyTracerProvider().getDelegate();
  return !(provider instanceof ProxyTracerProvider && provider.getDelegate() === none);
}
