import { type CompiledPolicy, loadPolicy, SHIPPED_POLICIES } from '../../../../policy/index.ts';
import type { GlossaryEntry } from './term.ts';

/** What policies decide by themselves, whatever their rules. */
const OWN: Readonly<Record<string, string>> = {
  'policy.match': 'The policy is not for this artifact or stage, so it denies',
  unavailable: 'A rule needs a value that this version cannot produce, so it denies',
  'signature.expired': 'A certificate that has expired was accepted, since the time of signing is not proven',
};
const REMEDY = 'assay policy explain --report FILE --policy NAME shows the values behind it.';

/** The rules of the policies that we ship: those of your own have messages of your own. */
export async function policyTerms(): Promise<GlossaryEntry[]> {
  const policies = await Promise.all(SHIPPED_POLICIES.map(({ name }) => loadPolicy(name)));
  const ids = new Set(policies.flatMap(({ rules }) => rules.map(({ id }) => id)));
  const own = Object.entries(OWN).map(([id, title]) => ({ id, title, explanation: 'Every policy has it.' }));
  const shipped = [...ids].map((id) => shippedRule(id, policies));
  return [...shipped, ...own].map((term) => ({ ...term, kind: 'policy rule', remedy: REMEDY }));
}

function shippedRule(
  id: string,
  policies: readonly CompiledPolicy[],
): Pick<GlossaryEntry, 'id' | 'title' | 'explanation'> {
  const found = policies.flatMap(({ name, rules }) => {
    const rule = rules.find((one) => one.id === id);
    return rule === undefined ? [] : [{ name, rule }];
  });
  const messages = found.flatMap(({ rule: { message } }) => (typeof message === 'string' ? [message] : []));
  const actions = found.map(({ name, rule: { action } }) => `${name} (${action})`);
  const conditions = [...new Set(found.map(({ rule: { document } }) => document.expression.text.trim()))];
  return {
    id,
    title: messages[0] ?? `A rule of ${found.length === 1 ? 'one policy' : `${found.length} policies`}`,
    explanation: `In ${actions.join(', ')}. It holds where: ${conditions.join('; or: ')}`,
  };
}
