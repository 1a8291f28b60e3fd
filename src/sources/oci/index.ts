export { openOci } from './oci.ts';
