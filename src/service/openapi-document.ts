import { AssayError } from '../core/index.ts';
import { createApp } from './app/index.ts';
import { readConfig } from './config-read.ts';

/** The OpenAPI document, from the routes themselves: nothing is opened and nothing listens. */
export async function openapiDocument(): Promise<object> {
  const config = await readConfig({}, { ASSAY_LOG_LEVEL: 'silent' });
  const app = await createApp({
    config,
    registry: absent('registry'),
    queue: absent('queue'),
    events: absent('events'),
    uploads: absent('uploads'),
    conversions: absent('conversions'),
    tests: absent('tests'),
    dataChecks: absent('dataChecks'),
    snapshots: absent('snapshots'),
  });
  try {
    return app.swagger();
  } finally {
    await app.close();
  }
}

/** A part that routes may hold, with all of its own parts, and must not use before they are called. */
function absent<T extends object>(name: string): T {
  return new Proxy((() => undefined) as unknown as T, {
    get: (_target, property) => (typeof property === 'symbol' ? undefined : absent(`${name}.${property}`)),
    apply() {
      throw new AssayError('internal', `a route calls ${name} before it is called itself`);
    },
  });
}
