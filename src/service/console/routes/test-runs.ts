import type { FastifyRequest } from 'fastify';
import type { Static } from '../../../core/schema/index.ts';
import { object, text } from '../../../core/schema/index.ts';
import { ID } from '../../../registry/api/index.ts';
import type { TestRun, Version } from '../../../registry/index.ts';
import { code } from '../../../report/html/index.ts';
import type { Routes } from '../../context.ts';
import { ID_PARAMS, WAIVER_ROLES } from '../../http/index.ts';
import { ServiceError } from '../../problems/index.ts';
import type { Draft } from '../draft.ts';
import { sendPage, viewerOf } from '../layout.ts';
import { HOME, revokeRunPath, said, versionPath } from '../links.ts';
import { type ActView, actPage, crumbsOf, runFacts } from '../pages/index.ts';
import { showAgain } from '../show-again.ts';
import { HIDDEN, idIn, REASON_FORM, typed } from './form-kit.ts';

const PATH = `${HOME}/versions/:id/tests/:run/revoke`;
const RunParams = object({ ...ID_PARAMS.properties, run: text('Id of the run', ID) });

/** Revokes a run of tests. */
export const testRunActs: Routes = (app, { registry }) => {
  const config = { access: WAIVER_ROLES };
  const page = async (request: FastifyRequest, draft?: Draft) => {
    const { principal, params } = request;
    const { run: wanted } = params as Static<typeof RunParams>;
    const version = await registry.version(principal, { id: idIn(request) });
    const run = (await registry.versionTests(principal, version.id)).items.find(({ id }) => id === wanted);
    if (run === undefined) throw new ServiceError(404, 'not-found', 'the run of tests does not exist');
    return actPage(viewerOf(request), { ...revocation(version, run), draft });
  };
  app.get(PATH, { config, schema: { ...HIDDEN, params: RunParams } }, async (request, reply) =>
    sendPage(reply, await page(request)),
  );
  app.post(
    PATH,
    { config, schema: { ...HIDDEN, params: RunParams, body: REASON_FORM }, errorHandler: showAgain(page) },
    async ({ principal, params, body }, reply) => {
      const { version } = await registry.revokeTestRun(principal, params.run, typed(body.reason));
      return reply.redirect(said(versionPath(version), 'run-revoked'), 303);
    },
  );
};

function revocation(version: Version, run: TestRun): ActView {
  return {
    place: 'models',
    crumbs: [...crumbsOf(version), { href: versionPath(version.id), text: `version ${version.number}` }],
    title: 'Revoke a run of tests',
    facts: [
      ['Version', `${version.model} version ${version.number}`],
      ['Digest', code(version.digest)],
      ['Run', runFacts(run)],
      ['Signed by', run.signer],
    ],
    back: versionPath(version.id),
    follows:
      'It counts neither for nor against the version any more, and cannot be added again. The version is decided again at once.',
    tone: run.status === 'fail' ? 'caution' : 'bad',
    action: revokeRunPath(version.id, run.id),
    fields: '',
    why: { name: 'reason', label: 'Why' },
    label: 'Revoke the run',
    kind: 'danger',
  };
}
