export { addEnvironmentOptions, type EnvironmentFlags, environmentOf } from './environment.ts';
export {
  type AnswerFlags,
  addAnswerOptions,
  addRegistryOptions,
  REGISTRY_EXITS,
  REGISTRY_GUIDE,
  registryOf,
} from './registry.ts';
export { rulesetOption } from './ruleset.ts';
export {
  addSigningOptions,
  asksToSign,
  type PrivateKeyPlace,
  type SigningChoice,
  type SigningFlags,
  type SigningMethod,
  signingChoice,
} from './signing.ts';
export { addTrustOptions, trustOf } from './trust.ts';
