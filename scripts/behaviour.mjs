// Compares what two builds of the program answer, for changes that must not be seen from outside: moves, renames, new wording.
//
//   node scripts/behaviour.mjs record <checkout> <out.json> [folder ...]   what its built program says of these folders, and of
//                                                                          this repository's fixtures
//   node scripts/behaviour.mjs compare <before.json> <after.json>          ends with 1 when something differs but wording
//
// Recorded: reports of files, with fingerprints; rules; what manifests load; the database's tables and columns, names of metrics,
// the API document, and an approval with its audit log, through the service. Sentences are not compared.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const HERE = new URL('..', import.meta.url).pathname;
/** Sentences for people; and what no two runs share. */
const WORDING = new Set([
  'message',
  'evidence',
  'detail',
  'hint',
  'title',
  'description',
  'summary',
  'notes',
  'reasons',
]);
const VOLATILE = new Set(['durationMs', 'stats', 'ruleset', 'policyDigest', 'generatedAt', 'time', 'at', 'created']);

const [verb, ...args] = process.argv.slice(2);
if (verb === 'record' && args.length >= 2) await record(args[0], args[1], args.slice(2));
else if (verb === 'compare' && args.length === 2) compare(args[0], args[1]);
else {
  console.error('usage: behaviour.mjs record <checkout> <out.json> [folder ...] | compare <before.json> <after.json>');
  process.exitCode = 2;
}

async function record(checkout, out, folders) {
  const { bin } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8'));
  const program = resolve(checkout, bin.assay);
  const work = mkdtempSync(join(tmpdir(), 'behaviour-'));
  try {
    const answers = {
      reports: await reports(program, [join(HERE, 'fixtures'), ...folders]),
      rules: await rules(program),
      manifests: await manifests(program),
      service: await service(program, checkout, work),
    };
    writeFileSync(out, JSON.stringify(answers, undefined, 1));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** One report for each folder within a folder, so that a difference says where it is. */
async function reports(program, folders) {
  const all = {};
  for (const folder of folders) {
    for (const { name } of readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
      const args = ['scan', join(folder, name), '--format', 'json', '--policy', 'strict', '--coverage'];
      const { code, stdout } = await run(program, args);
      const report = stdout === '' ? undefined : plain(JSON.parse(stdout));
      all[`${folder.slice(-40)}/${name}`] = { code, report };
    }
  }
  return all;
}

async function rules(program) {
  const text = await output(program, ['explain']);
  return text.match(/^(?:info|low|medium|high|critical) +\S+/gm);
}

/** The objects of admission reviews, as a manifest that is explained. */
async function manifests(program) {
  const folder = join(HERE, 'fixtures/admission-reviews');
  const all = {};
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
    const { request } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    const input = JSON.stringify(request.object ?? request.oldObject);
    all[name] = plain(
      JSON.parse(await output(program, ['admit', '--explain', '-f', '-', '--format', 'json'], { input })),
    );
  }
  return all;
}

/** Starts a service, registers a model in it and approves it. */
async function service(program, checkout, work) {
  const data = join(work, 'data');
  const child = spawn(process.execPath, [program, 'serve', '--data', data, '--listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    const { url, token } = await started(child);
    const asked = async (path) => {
      const answer = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } });
      return answer.text();
    };
    const env = { ...process.env, ASSAY_URL: url, ASSAY_TOKEN: token };
    const model = join(HERE, 'fixtures/benign/torch/1.13.1/state-dict.bin');
    const of = ['--stage', 'staging', '--model', 'acme/model'];
    const key = ['--private-key', join(data, 'approval-key.pem')];
    // Who asked does not vote: the second is refused, and that is in the log as well.
    const codes = [];
    for (const args of [
      ['promote', model, ...of],
      ['approve', model, ...of, ...key, '--yes'],
    ]) {
      const { code } = await run(program, args, { env });
      codes.push(code);
    }
    return {
      codes,
      api: plain(JSON.parse(await asked('/v1/openapi.json'))),
      metrics: [...new Set((await asked('/metrics')).match(/^# TYPE .*$/gm))].sort(),
      audit: names(JSON.parse(await asked('/v1/audit'))),
      tables: tables(checkout, join(data, 'assay.db')),
    };
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}

/** The address and the first token that a service prints. */
async function started(child) {
  let url;
  for await (const line of createInterface({ input: child.stderr })) {
    url ??= /listens at (\S+)/.exec(line)?.[1];
    const token = /^assay_\S+$/.exec(line)?.[0];
    if (url !== undefined && token !== undefined) return { url, token };
  }
  throw new Error('the service ended before it listened');
}

function tables(checkout, file) {
  const Database = createRequire(resolve(checkout, 'package.json'))('better-sqlite3');
  const database = new Database(file, { readonly: true });
  try {
    return database.prepare('SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name').all();
  } finally {
    database.close();
  }
}

/** Keys at all depths, and the values of those that name what happened. */
function names(value) {
  if (Array.isArray(value)) return value.map(names);
  if (value === null || typeof value !== 'object') return typeof value;
  const named = (key, one) => (/^(?:action|event|type|kind|code|stage|role)$/.test(key) ? one : names(one));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, named(key, one)]));
}

/** Without wording and without what no two runs share. */
function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object') return value;
  const kept = Object.entries(value).filter(
    ([key, one]) => !VOLATILE.has(key) && !(WORDING.has(key) && !isObject(one)),
  );
  return Object.fromEntries(kept.map(([key, one]) => [key, plain(one)]));
}

/** A property of a schema may be called "message". */
function isObject(value) {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function run(program, args, { input = '', env = process.env } = {}) {
  return new Promise((done) => {
    const options = { maxBuffer: 1 << 30, env };
    const child = execFile(process.execPath, [program, ...args], options, (error, stdout, stderr) =>
      done({ code: error?.code ?? 0, stdout, stderr }),
    );
    child.stdin.end(input);
  });
}

/** @throws Error when the program did not come to an answer */
async function output(program, args, options) {
  const { code, stdout, stderr } = await run(program, args, options);
  if (code !== 0 && code !== 1) throw new Error(`assay ${args.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}

function compare(before, after) {
  const [one, other] = [before, after].map((file) => JSON.parse(readFileSync(file, 'utf8')));
  const differences = [];
  differ('', one, other, differences);
  for (const line of differences.slice(0, 100)) console.log(line);
  console.log(`${differences.length} differences`);
  process.exitCode = differences.length === 0 ? 0 : 1;
}

function differ(path, one, other, found) {
  if (isNested(one) && isNested(other) && Array.isArray(one) === Array.isArray(other)) {
    for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
      differ(`${path}/${key}`, one[key], other[key], found);
    }
  } else if (JSON.stringify(one) !== JSON.stringify(other)) {
    found.push(
      `${path}: ${String(JSON.stringify(one)).slice(0, 200)} -> ${String(JSON.stringify(other)).slice(0, 200)}`,
    );
  }
}

function isNested(value) {
  return value !== null && typeof value === 'object';
}
