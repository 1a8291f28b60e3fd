import { object, optionalOf, text, wholeNumber } from '../../../core/schema/index.ts';
import type { AuditEntry, Principal, Registry } from '../../../registry/index.ts';
import type { Routes } from '../../context.ts';
import { READERS, REVIEWERS } from '../../http/index.ts';
import { sendPage, viewerOf } from '../layout.ts';
import { withQuery } from '../links.ts';
import { AUDIT_PATH, auditPage } from '../pages/index.ts';
import { AFTER_QUERY, after, HIDDEN, typedOrNone } from './form-kit.ts';

const SHOWN = 50;

const AuditQuery = object({
  ...AFTER_QUERY,
  subject: optionalOf(text('Only of this, the oldest first', { maxLength: 500 })),
  before: optionalOf(wholeNumber({ minimum: 1, maximum: 2 ** 31 - 1, description: 'Only what came before it' })),
});

export const auditPages: Routes = (app, { registry }) => {
  app.get(
    AUDIT_PATH,
    { config: { access: READERS }, schema: { ...HIDDEN, querystring: AuditQuery } },
    async (request, reply) => {
      const { principal, query } = request;
      const subject = typedOrNone(query.subject);
      if (subject === undefined) {
        const view = await newest(registry, principal, query.before);
        return sendPage(reply, auditPage(viewerOf(request), { ...view, subject, verdict: undefined }));
      }
      const { items: entries, next } = await registry.auditLog(principal, { ...after(query), subject, limit: SHOWN });
      const view = {
        entries,
        subject,
        next: next === null ? null : withQuery(AUDIT_PATH, { subject, after: next }),
        first: query.after === undefined ? null : withQuery(AUDIT_PATH, { subject }),
        verdict: undefined,
      };
      return sendPage(reply, auditPage(viewerOf(request), view));
    },
  );

  app.get(`${AUDIT_PATH}/verify`, { config: { access: REVIEWERS }, schema: HIDDEN }, async (request, reply) => {
    const { principal } = request;
    const verdict = await registry.verifyAuditLog(principal);
    const view = await newest(registry, principal, undefined);
    return sendPage(reply, auditPage(viewerOf(request), { ...view, subject: undefined, verdict }));
  });
};

/** The entries before one, or the newest of all; the newest first. */
async function newest(
  registry: Pick<Registry, 'auditHead' | 'auditSince'>,
  by: Principal,
  before: number | undefined,
): Promise<{ entries: readonly AuditEntry[]; next: string | null; first: string | null }> {
  const last = before === undefined ? await registry.auditHead(by) : before - 1;
  const from = Math.max(0, last - SHOWN);
  // Entries have numbers without a gap.
  const entries = last <= from ? [] : [...(await registry.auditSince(by, from, last - from))].reverse();
  return {
    entries,
    next: from === 0 ? null : withQuery(AUDIT_PATH, { before: String(from + 1) }),
    first: before === undefined ? null : AUDIT_PATH,
  };
}
