export { binomialLow, binomialTail, clopperPearson } from './binomial.ts';
export { chiSquareTail } from './gamma.ts';
export { normalQuantile } from './normal.ts';
export { poissonLogTail } from './poisson.ts';
export { type Roc, rocOf, stepAt } from './roc.ts';
export { SHAPIRO_MOST, shapiroWilk } from './shapiro-wilk.ts';
export { type Testable, testable } from './tarone.ts';
