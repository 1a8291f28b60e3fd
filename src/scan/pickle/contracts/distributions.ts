const MODULES =
  /^(?:scipy\.stats\._(?:continuous_distns|discrete_distns|levy_stable)|statsmodels\.distributions\.discrete)$/;

/** Classes that execute source code of their state. */
export function isDistribution({ module, name }: { readonly module: string; readonly name: string }): boolean {
  if (module === 'scipy.stats._distn_infrastructure') return name === 'rv_sample';
  return MODULES.test(module) && name.endsWith('_gen');
}
