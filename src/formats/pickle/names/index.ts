export { python3Name } from './python2-names.ts';
