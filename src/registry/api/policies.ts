import { countOf, flagOf, list, object, oneOf, type Static, text } from '../../core/schema/index.ts';
import { maybeText, RoleSchema } from './kit.ts';
import { APPROVAL_METHODS, DECIDED_STAGES } from './names.ts';

const ShippedSchema = object({
  name: text('Name of the policy'),
  summary: text('What it does, in a line'),
  digest: text('`sha256:<hex>` of its text'),
  source: text('Its text: YAML'),
});

const InUseSchema = object({
  stage: oneOf(DECIDED_STAGES, 'The stage'),
  name: text('Name of the policy'),
  digest: text('`sha256:<hex>` of its text'),
  source: maybeText('Its text, of a shipped policy'),
  approvals: list(
    object({ role: RoleSchema, count: countOf('Of how many people') }),
    'Approvals that the stage asks for',
  ),
  methods: list(oneOf(APPROVAL_METHODS, 'A method'), 'The signing methods that approvers may use; any, when empty'),
});

export const PolicyListSchema = object({
  shipped: list(ShippedSchema, 'Shipped policies'),
  inUse: list(InUseSchema, 'What decides for each stage'),
});
/** The shipped policies, and the policy of each stage here. */
export type PolicyList = Static<typeof PolicyListSchema>;

export const PolicyCheckSchema = object({
  usable: flagOf({ description: 'No problem is an error' }),
  name: maybeText('Name of the policy; null when it cannot be used'),
  digest: maybeText('`sha256:<hex>` of the text; null when it cannot be used'),
  problems: list(
    object({
      kind: oneOf(['error', 'warning', 'note'], 'An error keeps the policy from being used'),
      line: countOf('From 1'),
      column: countOf('From 1'),
      message: text('The problem'),
      mend: maybeText('How to correct it'),
    }),
    'In the order of the text',
  ),
});
