import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/run-program.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const MARK = 'loaded: ';

/** Records every native addon and every WebAssembly module that the process loads, and prints them at its end. */
const HOOK = `
const seen = [];
const dlopen = process.dlopen;
process.dlopen = (...args) => { seen.push('addon ' + args[1]); return Reflect.apply(dlopen, process, args); };
for (const name of ['compile', 'instantiate', 'compileStreaming', 'instantiateStreaming']) {
  const original = WebAssembly[name];
  WebAssembly[name] = (...args) => { seen.push('wasm ' + name); return Reflect.apply(original, WebAssembly, args); };
}
const Module = WebAssembly.Module;
WebAssembly.Module = new Proxy(Module, {
  construct(target, args) { seen.push('wasm Module'); return Reflect.construct(target, args); },
});
process.on('exit', () => {
  const shared = process.report.getReport().sharedObjects.filter((path) => path.endsWith('.node'));
  process.stderr.write(${JSON.stringify(MARK)} + JSON.stringify([...seen, ...shared]) + '\\n');
});
`;

async function loadedBy(args: readonly string[]): Promise<{ status: number | null; loaded: unknown }> {
  const hook = `data:text/javascript,${encodeURIComponent(HOOK)}`;
  const ran = await runProgram(process.execPath, ['--import', hook, ...args], { cwd: ROOT });
  const line = ran.stderr.split('\n').find((text) => text.startsWith(MARK));
  if (line === undefined) throw new Error(`nothing was told: ${ran.stderr}`);
  return { status: ran.status, loaded: JSON.parse(line.slice(MARK.length)) };
}

const cli = join(ROOT, 'dist', 'src', 'cli', 'main.js');

/** Prints every module that the process imports. */
const LOADER = `
import { writeSync } from 'node:fs';
export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  writeSync(2, ${JSON.stringify(MARK)} + found.url + '\\n');
  return found;
}
`;

async function importedBy(args: readonly string[]): Promise<string[]> {
  const asData = (code: string) => `data:text/javascript,${encodeURIComponent(code)}`;
  const hook = asData(`import { register } from 'node:module'; register(${JSON.stringify(asData(LOADER))});`);
  const ran = await runProgram(process.execPath, ['--import', hook, cli, ...args], { cwd: ROOT });
  const lines = ran.stderr.split('\n').filter((text) => text.startsWith(MARK));
  return [...new Set(lines.map((line) => line.slice(MARK.length)))];
}

const packagesOf = (urls: readonly string[]) => [
  ...new Set(urls.flatMap((url) => /node_modules\/([^/]+)/.exec(url)?.[1] ?? [])),
];
const joinedOf = (urls: readonly string[]) => urls.filter((url) => url.includes('/cli/joined/'));

describe('the imported modules', () => {
  it('for --help are one bundle beside the entry, and commander', async () => {
    const urls = await importedBy(['scan', '--help']);
    expect(packagesOf(urls)).toEqual(['commander']);
    // There is none where the tests compiled changed files: only the whole build joins modules.
    expect([0, 2]).toContain(joinedOf(urls).length);
    expect(
      urls.filter((url) => /\/report\/(?!escape\.js|page\.js|style\.js|sarif\/rules\.js|html\/review\.js)/.test(url)),
    ).toEqual([]);
  });

  it('for the scan of a path include no other package, and at most a few dozen files', async () => {
    const urls = await importedBy(['scan', 'fixtures/pickle-probes/ok-dict']);
    expect(packagesOf(urls)).toEqual(['commander']);
    expect(joinedOf(urls).length).toBeLessThan(60);
    expect(urls.filter((url) => /\/(html\/document|integrity\/bundle|diff-read)\.js/.test(url))).toEqual([]);
  });
});

describe('scan', () => {
  it.each([
    ['a pickle', 'fixtures/pickle-probes/ok-dict', 0],
    ['a PyTorch archive', 'fixtures/pickle-probes/zip-plain', 1],
    ['safetensors', 'fixtures/format-probes/st-ok', 0],
  ])('of %s loads no native and no WebAssembly module', async (_, target, status) => {
    expect(await loadedBy([cli, 'scan', target])).toEqual({ status, loaded: [] });
  });

  it('would have such a load detected by the hook of this test', async () => {
    const wasm = 'new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))';
    expect(await loadedBy(['-e', wasm])).toEqual({ status: 0, loaded: ['wasm Module'] });
    // The hook records the attempt to load a missing file.
    const tried = await loadedBy(['-e', "try { process.dlopen({ exports: {} }, '/no.node') } catch {}"]);
    expect(tried.loaded).toEqual(['addon /no.node']);
  });
});
