// Scans beside pickletools.genops, sha256sum and an empty node.
import { join } from 'node:path';
import { claim, measure } from './measure.mjs';
import { PYTHON } from './parts.mjs';

const HERE = new URL('.', import.meta.url).pathname;
const RSS_LIMIT = 200;

/** @param {{ data: string, dist: string }} where the made files are, and the built program */
export function benchScan({ data, dist }) {
  const main = join(dist, 'cli/main.js');
  const node = (...args) => [process.execPath, args];
  const scan = (...args) => node(main, 'scan', ...args, '--format', 'json', '--policy', 'research');
  const emptyNode = measure(...node('-e', ''));

  const version = measure(...node(main, '--version'), { runs: 10 });
  claim('assay --version, ms', version.wallMs, { atMost: 120 }, `(an empty node takes ${emptyNode.wallMs.toFixed(0)})`);
  walk(data, emptyNode);

  const scanBig = measure(...scan(join(data, 'big.pkl')));
  const took = `(${scanBig.wallMs.toFixed(0)} ms with its SHA-256)`;
  claim('scan of the same pickle, MiB', scanBig.rssMiB, { atMost: RSS_LIMIT }, took);

  whole('2,000 small pickles', join(data, 'small'), 2, scan);
  whole('2,000 pickles of 400 instructions', join(data, 'four-hundred'), 2, scan);
  whole('one pickle of 9 M instructions', join(data, 'nine-million.pkl'), 20, scan);
  large(join(data, 'big.pt'), scan);
  graphs(data, scan, emptyNode);
}

/** The whole command against genops, both by the clock and with their start. */
function whole(title, path, atLeast, scan) {
  const genops = measure(PYTHON, [join(HERE, 'genops.py'), path], { runs: 3 });
  const scanned = measure(...scan(path));
  claim(
    `${title}, times genops, start included`,
    genops.wallMs / scanned.wallMs,
    { atLeast },
    `(${(Number(genops.stdout) / 1e6).toFixed(1)} M instructions: genops ${genops.wallMs.toFixed(0)} ms, scan ${scanned.wallMs.toFixed(0)} ms)`,
  );
  claim(`${title}, MiB`, scanned.rssMiB, { atMost: RSS_LIMIT }, '');
}

function walk(data, emptyNode) {
  const emptyPython = measure(PYTHON, ['-c', '']);
  const net = (run, empty) => run.cpuMs - empty.cpuMs;
  for (const [name, title] of [
    ['big.pkl', 'records of mixed values'],
    ['rows.pkl', 'rows of integers'],
  ]) {
    const path = join(data, name);
    const genops = measure(PYTHON, [join(HERE, 'genops.py'), path], { runs: 2, by: 'cpuMs' });
    const walked = measure(process.execPath, [join(HERE, 'walk.mjs'), path], { runs: 8, by: 'cpuMs' });
    const instructions = Number(genops.stdout);
    const rate = (run, empty) => `${(instructions / net(run, empty) / 1000).toFixed(1)} M/s`;
    claim(
      `walking ${title}, times genops, both net of their start`,
      net(genops, emptyPython) / net(walked, emptyNode),
      { atLeast: 20 },
      `(${(instructions / 1e6).toFixed(1)} M instructions: genops ${rate(genops, emptyPython)}, machine ${rate(walked, emptyNode)} of CPU)`,
    );
    claim(`walking ${title}, MiB`, walked.rssMiB, { atMost: RSS_LIMIT }, '');
  }
}

function large(path, scan) {
  const sum = measure('sha256sum', [path], { runs: 3 });
  const scanned = measure(...scan(path), { runs: 3 });
  const { files } = JSON.parse(scanned.stdout);
  if (files[0].sha256 !== sum.stdout.slice(0, 64) || files[0].verdict !== 'clean')
    throw new Error(`wrong report: ${JSON.stringify(files[0])}`);
  claim(
    '1 GiB PyTorch zip, of the time of sha256sum',
    scanned.wallMs / sum.wallMs,
    { atMost: 1.1 },
    `(sha256sum ${sum.wallMs.toFixed(0)} ms, scan ${scanned.wallMs.toFixed(0)} ms with the same digest)`,
  );
  const openssl = measure('openssl', ['dgst', '-sha256', path], { runs: 3 });
  console.log(`        for comparison: openssl dgst -sha256 takes ${openssl.wallMs.toFixed(0)} ms`);
  claim('1 GiB PyTorch zip, MiB', scanned.rssMiB, { atMost: RSS_LIMIT }, '');
}

/** Graphs of TensorFlow: weights, which are stepped over, and operators, which are all looked at. */
function graphs(data, scan, emptyNode) {
  const frozen = join(data, 'frozen.pb');
  const sum = measure('sha256sum', [frozen], { runs: 3 });
  const weights = measure(...scan(frozen), { runs: 3 });
  const operators = measure(...scan(join(data, 'graph.pb')), { runs: 3, by: 'cpuMs' });
  for (const { stdout } of [weights, operators]) {
    const [file] = JSON.parse(stdout).files;
    if (file.verdict !== 'clean' || file.format !== 'tf-graph')
      throw new Error(`wrong report: ${JSON.stringify(file)}`);
  }
  claim(
    'frozen graph of 512 MiB, of the time of sha256sum',
    weights.wallMs / sum.wallMs,
    { atMost: 1.5 },
    `(sha256sum ${sum.wallMs.toFixed(0)} ms, scan ${weights.wallMs.toFixed(0)} ms with the same digest)`,
  );
  // Every block of the file is read for the digest, and those with the heads of nodes are kept until memory is short.
  claim('frozen graph of 512 MiB, MiB', weights.rssMiB, { atMost: 800 }, '');
  const net = operators.cpuMs - emptyNode.cpuMs;
  claim('graph of operators, thousands a second of CPU', 100_000 / net, { atLeast: 20 }, `(${net.toFixed(0)} ms)`);
}
