import type { App } from '../fastify-app.ts';
import { ServiceError } from '../problems/index.ts';

/** Answers what no route does: 405 where another method would do, else 404. Registered before any route. */
export function addNotFound(app: App): void {
  const routes: { readonly path: RegExp; readonly method: string }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    const path = pathPattern(url);
    for (const one of [method].flat()) routes.push({ path, method: one });
  });
  app.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.url.split('?');
    const methods = new Set(routes.filter((route) => route.path.test(path)).map((route) => route.method));
    if (methods.size === 0) throw new ServiceError(404, 'no-such-route', 'this address does not exist');
    reply.header('allow', [...methods].sort().join(', '));
    throw new ServiceError(405, 'wrong-method', `this address supports ${[...methods].sort().join(', ')}`);
  });
}

/** Addresses that a route's pattern matches: `:name` is a segment, `*` is the rest. */
function pathPattern(url: string): RegExp {
  const source = url
    .split('/')
    .map((segment) =>
      segment
        .split(/(:\w+(?:\([^)]*\))?|\*)/)
        .map((part) =>
          part === '*' ? '.*' : part.startsWith(':') ? '[^/]+' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'),
        )
        .join(''),
    )
    .join('/');
  return new RegExp(`^${source}$`);
}
