/**
 * Stands in for `createRequire`: what the program requires by name when it is needed is part of the bundle, and still runs only
 * then. `scripts/bundle-action.mjs` reads these calls as imports.
 */
export function createRequire(): (id: string) => unknown {
  return (id) => {
    switch (id) {
      case '@bufbuild/cel':
        return require('@bufbuild/cel');
      case '@bufbuild/cel/ext':
        return require('@bufbuild/cel/ext');
      case '@bufbuild/protobuf/wkt':
        return require('@bufbuild/protobuf/wkt');
      case '@bufbuild/protobuf/reflect':
        return require('@bufbuild/protobuf/reflect');
      case '@bufbuild/re2':
        return require('@bufbuild/re2');
      case 'yaml':
        return require('yaml');
      default:
        throw Object.assign(new Error(`the bundle carries no ${id}`), { code: 'MODULE_NOT_FOUND' });
    }
  };
}
