import { describe, expect, it } from 'vitest';
import {
  type AdmissionConfig,
  MODE_LABEL,
  NO_CONFIG,
  namespaceRules,
  STAGE_LABEL,
  STRICT_ACTIONS,
} from '../../../admission-webhook/src/index.ts';

type Labels = Readonly<Record<string, string>>;
const NAMESPACES: Readonly<Record<string, Labels>> = {
  plain: {},
  warned: { [MODE_LABEL]: 'warn', [STAGE_LABEL]: 'staging' },
  prod: { [MODE_LABEL]: 'enforce', [STAGE_LABEL]: 'production' },
  silent: { [MODE_LABEL]: 'off' },
  typo: { [MODE_LABEL]: 'Audit', [STAGE_LABEL]: 'Prod' },
  empty: { [MODE_LABEL]: '', [STAGE_LABEL]: '' },
  vision: { team: 'vision', tier: 'gold', [MODE_LABEL]: 'audit' },
};

function ruleOf(namespace: string, config: Partial<AdmissionConfig> = {}) {
  const known = (name: string) => (Object.hasOwn(NAMESPACES, name) ? NAMESPACES[name] : undefined);
  return namespaceRules({ ...NO_CONFIG, ...config }, known).ruleOf(namespace);
}

describe('the rule of a namespace', () => {
  it('is the strictest where nothing is configured', () => {
    for (const name of ['plain', 'unknown', '', '__proto__', 'constructor']) {
      expect(ruleOf(name)).toEqual({ mode: 'enforce', stage: null, actions: STRICT_ACTIONS });
    }
    expect(STRICT_ACTIONS.none).toBe('allow');
  });

  it('follows the labels of the namespace', () => {
    expect(ruleOf('warned')).toMatchObject({ mode: 'warn', stage: 'staging', actions: { none: 'allow' } });
    expect(ruleOf('prod')).toMatchObject({ mode: 'enforce', stage: 'production', actions: { none: 'deny' } });
    expect(ruleOf('silent')).toMatchObject({ mode: 'off' });
  });

  it('is not weakened by an invalid label value', () => {
    const weak = { defaults: { mode: 'audit' } } as const;
    expect(ruleOf('typo', weak)).toMatchObject({ mode: 'enforce', stage: 'Prod', actions: { none: 'deny' } });
    expect(ruleOf('empty', weak)).toMatchObject({ mode: 'enforce', stage: '', actions: { none: 'deny' } });
    expect(ruleOf('plain', weak)).toMatchObject({ mode: 'audit', stage: null });
  });

  it('follows the configuration first: by name, by labels, by default', () => {
    const config = {
      defaults: { mode: 'warn', stage: 'staging', actions: { unpinned: 'warn', expired: 'warn' } },
      namespaces: [
        { names: ['prod'], mode: 'audit', actions: { none: 'warn' } },
        { labels: { team: 'vision', tier: 'gold' }, stage: 'production', actions: { unpinned: 'deny' } },
        { names: ['vision', 'other'], mode: 'off' },
      ],
    } as const;
    expect(ruleOf('prod', config)).toMatchObject({
      mode: 'audit',
      stage: 'production',
      actions: { none: 'warn', unpinned: 'warn', denied: 'deny' },
    });
    expect(ruleOf('vision', config)).toMatchObject({
      mode: 'audit',
      stage: 'production',
      actions: { none: 'deny', unpinned: 'deny', expired: 'warn' },
    });
    expect(ruleOf('other', config)).toMatchObject({ mode: 'off', stage: 'staging' });
    expect(ruleOf('unknown', config)).toMatchObject({ mode: 'warn', stage: 'staging' });
    // Cluster-scoped objects match no namespace.
    expect(ruleOf('', config)).toMatchObject({ mode: 'warn', stage: 'staging' });
  });

  it('selected by labels applies only where all the labels match', () => {
    const config = { namespaces: [{ labels: { team: 'vision', tier: 'silver' }, mode: 'off' }] } as const;
    expect(ruleOf('vision', config).mode).toBe('audit');
    expect(ruleOf('unknown', config).mode).toBe('enforce');
    expect(ruleOf('plain', { namespaces: [{ labels: { toString: 'x' }, mode: 'off' }] }).mode).toBe('enforce');
  });
});
