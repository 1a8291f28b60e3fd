import Type from 'typebox';
import { knownWords } from '../../pipeline/index.ts';
import { isProblems, lintPolicy, MAX_POLICY_BYTES, type PolicyProblem, readPolicy } from '../../policy/index.ts';
import type { Routes } from '../context.ts';
import { countSchema, list, maybeText, object, oneOf, READERS, REVIEWERS, text, UNCHANGED } from '../http/index.ts';
import { DECIDED_STAGES, type PolicyList, readPolicyList } from '../policy-list.ts';
import { ServiceError } from '../problems/index.ts';
import { isKnown } from './conditional.ts';
import { COSTLY } from './costly.ts';
import { RoleSchema } from './schemas.ts';

const METHODS = ['key', 'keyless', 'certificate', 'service'] as const;

const Shipped = object({
  name: text('Name of the policy'),
  summary: text('What it does, in a line'),
  digest: text('`sha256:<hex>` of its text'),
  source: text('Its text: YAML'),
});

const InUse = object({
  stage: oneOf(DECIDED_STAGES, 'The stage'),
  name: text('Name of the policy'),
  digest: text('`sha256:<hex>` of its text'),
  source: maybeText('Its text, of a shipped policy'),
  approvals: list(
    object({ role: RoleSchema, count: countSchema('Of how many people') }),
    'Approvals that the stage asks for',
  ),
  methods: list(oneOf(METHODS, 'A method'), 'How approvers have to prove themselves; anyhow, when empty'),
});

const ProblemItem = object({
  kind: oneOf(['error', 'warning', 'note'] as const, 'An error keeps the policy from being used'),
  line: countSchema('From 1'),
  column: countSchema('From 1'),
  message: text('What is wrong'),
  mend: maybeText('What to do about it'),
});

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
          200: object({
            shipped: list(Shipped, 'Shipped policies'),
            inUse: list(InUse, 'What decides for each stage'),
          }),
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
        summary: 'Whether a policy can be used, and what makes no sense in it',
        body: object({ source: text('The policy: YAML', { minLength: 1, maxLength: MAX_POLICY_BYTES }) }),
        response: {
          200: object({
            usable: Type.Boolean({ description: 'No problem is an error' }),
            name: maybeText('Name of the policy; null when it cannot be used'),
            digest: maybeText('`sha256:<hex>` of the text; null when it cannot be used'),
            problems: list(ProblemItem, 'In the order of the text'),
          }),
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
