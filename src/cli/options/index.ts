export { readDocument } from './document-file.ts';
export { type EnvironmentFlags, addEnvironmentOptions, environmentOf } from './environment.ts';
export { type AnswerFlags, REGISTRY_EXITS, REGISTRY_GUIDE, addAnswerOptions, addRegistryOptions, registryOf } from './registry.ts';
export { rulesetOption } from './ruleset.ts';
export { type PrivateKeyPlace, type SigningChoice, type SigningFlags, type SigningMethod, addSigningOptions, signingChoice } from './signing.ts';
export { type TrustFlags, addTrustOptions, trustOf } from './trust.ts';
