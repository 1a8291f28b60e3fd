/**
 * Stands in for `createRequire`: what the program requires by name when it is needed is part of the bundle, and still runs only
 * then. `scripts/bundle-action.mjs` reads these calls as imports.
 */
export function createRequire(): (id: string) => unknown {
  return (id) => {
    switch (id) {
      case './cel-library.bundle.cjs':
        return require('./cel-library.ts');
      case 'yaml':
        return require('yaml');
      default:
        throw Object.assign(new Error(`the bundle carries no ${id}`), { code: 'MODULE_NOT_FOUND' });
    }
  };
}
