import type { PolicyList } from '../../../registry/api/index.ts';
import type { App } from '../../fastify-app.ts';
import { READERS } from '../../http/index.ts';
import { sendPage, viewerOf } from '../layout.ts';
import { HOME } from '../links.ts';
import { policiesPage } from '../pages/index.ts';
import { HIDDEN } from './form-kit.ts';

export function policyPages(app: App, policies: PolicyList): void {
  app.get(`${HOME}/policies`, { config: { access: READERS }, schema: HIDDEN }, (request, reply) =>
    sendPage(reply, policiesPage(viewerOf(request), policies)),
  );
}
