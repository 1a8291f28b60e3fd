// Loads models in ONNX Runtime, and tells which files outside of their folder were read. Reads lines of JSON from stdin, `{ id, model }` with the
// model in base64, and writes a line for each. Only for a jail: see jail.ts. A model that ends the process is the last one it names.
import { mkdirSync, readFileSync, statSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const ort = createRequire(process.env.ORACLE_MODULES)('onnxruntime-node');
const ROOT = '/tmp/job';
const INSIDE = `${ROOT}/models`;
/** Names that composed locations use, at each place that they may lead to. */
const NAMES = ['w.bin', 'secret'];
const OUTSIDE = ['/', '/tmp', ROOT, `${ROOT}/other`, '/secrets'].flatMap((folder) =>
  NAMES.map((name) => `${folder}/${name}`),
);
const FLOATS = new Float32Array(16).fill(7);

function prepare() {
  for (const folder of [INSIDE, `${INSIDE}/a`, `${ROOT}/other`, '/secrets']) mkdirSync(folder, { recursive: true });
  for (const path of [...OUTSIDE, ...NAMES.flatMap((name) => [`${INSIDE}/${name}`, `${INSIDE}/a/${name}`])])
    writeFileSync(path, Buffer.from(FLOATS.buffer));
}

/** The time of the last access is set before that of the last change, so that the next read moves it. */
function forget() {
  for (const path of OUTSIDE) utimesSync(path, 1, 2);
}

function read() {
  return OUTSIDE.filter((path) => statSync(path).atimeMs !== 1_000);
}

async function load({ model, control }) {
  writeFileSync(`${INSIDE}/m.onnx`, Buffer.from(model, 'base64'));
  forget();
  if (control !== undefined) readFileSync(control);
  try {
    const session = await ort.InferenceSession.create(`${INSIDE}/m.onnx`, {
      logSeverityLevel: 4,
      intraOpNumThreads: 1,
    });
    await session.release();
    return { end: 'loaded', outside: read() };
  } catch (error) {
    return { end: String(error.message ?? error).slice(0, 200), outside: read() };
  }
}

prepare();
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  writeSync(1, `${JSON.stringify({ id: request.id })}\n`);
  writeSync(1, `${JSON.stringify({ id: request.id, ...(await load(request)) })}\n`);
}
process.exit(0);
