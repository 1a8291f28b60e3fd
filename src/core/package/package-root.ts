/** The folder that holds package.json: above `src` when this runs from source, above `dist/src` when it is compiled. */
export const PACKAGE_ROOT = new URL(import.meta.url.endsWith('.ts') ? '../../../' : '../../../../', import.meta.url);
