export { PACKAGE_ROOT } from './package-root.ts';
export { version } from './version.ts';
