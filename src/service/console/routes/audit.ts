import Type from 'typebox';
import { READERS } from '../../access.ts';
import type { Routes } from '../../context.ts';
import { REVIEWERS } from '../../routes/roles.ts';
import { object, text } from '../../routes/schema-kit.ts';
import { sendPage, viewerOf } from '../layout.ts';
import { HOME } from '../links.ts';
import { auditPage } from '../pages/audit.ts';
import { AFTER_QUERY, after, HIDDEN, typedOrNone } from './form-kit.ts';

const PATH = `${HOME}/audit`;
const AuditQuery = object({ ...AFTER_QUERY, subject: Type.Optional(text('Only of this', { maxLength: 500 })) });

export const auditPages: Routes = (app, { registry }) => {
  app.get(
    PATH,
    { config: { access: READERS }, schema: { ...HIDDEN, querystring: AuditQuery } },
    async (request, reply) => {
      const { principal, query } = request;
      const subject = typedOrNone(query.subject);
      const entries = await registry.auditLog(principal, {
        ...after(query),
        ...(subject === undefined ? {} : { subject }),
      });
      return sendPage(
        reply,
        auditPage(viewerOf(request), { entries, subject, after: query.after, verdict: undefined }),
      );
    },
  );

  app.get(`${PATH}/verify`, { config: { access: REVIEWERS }, schema: HIDDEN }, async (request, reply) => {
    const { principal } = request;
    const verdict = await registry.verifyAuditLog(principal);
    const entries = await registry.auditLog(principal);
    return sendPage(reply, auditPage(viewerOf(request), { entries, subject: undefined, after: undefined, verdict }));
  });
};
