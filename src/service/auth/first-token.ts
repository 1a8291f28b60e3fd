import { isRegistryError, type Principal, type Registry, ROLES } from '../../registry/index.ts';
import { OPERATOR_TENANT } from '../config.ts';

const NAME = 'first';
/** The user of the machine. */
const OPERATOR: Principal = {
  tenant: OPERATOR_TENANT,
  subject: 'operator',
  issuer: null,
  roles: ['admin'],
  via: 'local',
};

/**
 * A registry without any token lets nobody in: the first start makes one with every role but `gate`.
 * @returns its secret, which is not stored; `undefined` when there are tokens, or another process made it meanwhile
 */
export async function firstToken(registry: Pick<Registry, 'tokens' | 'createToken'>): Promise<string | undefined> {
  if ((await registry.tokens(OPERATOR)).length > 0) return undefined;
  try {
    const roles = ROLES.filter((role) => role !== 'gate');
    return (await registry.createToken(OPERATOR, { name: NAME, roles })).secret;
  } catch (error) {
    if (isRegistryError(error) && error.code === 'conflict') return undefined;
    throw error;
  }
}
