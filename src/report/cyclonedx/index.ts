export { renderCycloneDx } from './cyclonedx.ts';
