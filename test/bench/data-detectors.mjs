// Times each detector of training data on one table, and a plain scan of the same file by the same engine. Prints a line of JSON.
// usage: node test/bench/data-detectors.mjs DIST FILE MEMORY_MIB
import { performance } from 'node:perf_hooks';

const [dist, file, memory] = process.argv.slice(2);
const { DEFAULT_DATA_LIMITS, DETECTORS, detectorView, openDataset, openEngine, runDetector } = await import(
  `${dist}/provenance/index.js`
);
const limits = { ...DEFAULT_DATA_LIMITS, memoryBytes: Number(memory) * 2 ** 20 };
const choice = { label: 'label', text: 'text', time: 'at', source: 'user', id: 'id' };
const timed = async (work) => {
  const started = performance.now();
  const value = await work();
  return { ms: performance.now() - started, value };
};

const engine = await openEngine({ files: new Map([['input-0.parquet', file]]), limits });
const scan = await timed(() =>
  engine.run("SELECT label, count(*), max(text), max(x0), max(x1) FROM read_parquet('input-0.parquet') GROUP BY label"),
);
await engine.close();

const opened = await timed(() => openDataset([file], { choice, limits }));
const dataset = opened.value;
const view = detectorView(dataset, { signal: undefined, snapshot: undefined, note: () => {} });
const detectors = [];
for (const detector of DETECTORS) {
  if (detector.needs.some((role) => !view.roles.has(role))) continue;
  const { ms, value } = await timed(() => runDetector(detector, view, undefined));
  // One that is for other data, such as images, says so at once.
  if (ms < 1) continue;
  detectors.push({ id: detector.id, ms, status: value.check.status, detail: value.check.detail });
}
await dataset.close();
console.log(JSON.stringify({ scanMs: scan.ms, openMs: opened.ms, rows: dataset.rows, detectors }));
