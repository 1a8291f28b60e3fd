/** The compiled form of a module of ours, also when this runs from source: threads and children of Node 20 cannot run TypeScript. */
export function compiledUrl(relative: string, base: string): URL {
  const url = new URL(relative, base);
  if (!base.endsWith('.ts')) return url;
  return new URL(url.href.replace(/\/src\/(?!.*\/src\/)/, '/dist/src/'));
}
