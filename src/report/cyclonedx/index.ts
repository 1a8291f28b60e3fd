export { type CycloneDxOptions, renderCycloneDx } from './cyclonedx.ts';
