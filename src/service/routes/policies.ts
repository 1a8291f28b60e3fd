import { object, text } from '../../core/schema/index.ts';
import { knownWords } from '../../pipeline/index.ts';
import { isProblems, lintPolicy, MAX_POLICY_BYTES, type PolicyProblem, readPolicy } from '../../policy/index.ts';
import { PolicyCheckSchema, type PolicyList, PolicyListSchema } from '../../registry/api/index.ts';
import type { Routes } from '../context.ts';
import { READERS, REVIEWERS, UNCHANGED } from '../http/index.ts';
import { readPolicyList } from '../policy-list.ts';
import { ServiceError } from '../problems/index.ts';
import { isKnown } from './conditional.ts';
import { COSTLY } from './costly.ts';

export const policyRoutes: Routes = async (app, { config }) => {
  const answer: PolicyList = await readPolicyList(config.rules);

  app.get(
    '/v1/policies',
    {
      config: { access: READERS },
      schema: {
        tags: ['policies'],
        summary: 'The policies that are shipped, and those that decide here',
        response: {
          200: PolicyListSchema,
          304: UNCHANGED,
        },
      },
    },
    async (request, reply) => {
      return isKnown(request, reply, answer) ? reply.code(304).send(undefined) : answer;
    },
  );

  app.post(
    '/v1/policies/check',
    {
      config: { access: REVIEWERS, rateLimit: COSTLY },
      schema: {
        tags: ['policies'],
        summary: 'Whether a policy can be used, and its problems',
        body: object({ source: text('The policy: YAML', { minLength: 1, maxLength: MAX_POLICY_BYTES }) }),
        response: {
          200: PolicyCheckSchema,
        },
      },
    },
    async ({ body }) => check(Buffer.from(body.source)),
  );
};

function check(bytes: Buffer) {
  if (bytes.length > MAX_POLICY_BYTES)
    throw new ServiceError(413, 'policy-too-large', `a policy has at most ${MAX_POLICY_BYTES} bytes`);
  const policy = readPolicy(bytes);
  if (isProblems(policy)) return { usable: false, name: null, digest: null, problems: items('error', policy) };
  const { warnings, notes } = lintPolicy(policy, knownWords());
  const problems = [...items('warning', warnings), ...items('note', notes)];
  problems.sort((a, b) => a.line - b.line || a.column - b.column);
  return { usable: true, name: policy.name, digest: policy.digest, problems };
}

function items<K extends 'error' | 'warning' | 'note'>(kind: K, problems: readonly PolicyProblem[]) {
  return problems.map(({ line, column, message, hint }) => ({ kind, line, column, message, mend: hint ?? null }));
}
