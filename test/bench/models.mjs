// Scans of models of other formats beside sha256sum, which reads every byte and nothing else; and of graphs beside a read of their bytes.
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ProtoWriter } from '../../dist/src/formats/protobuf/encode.js';
import { claim, measure } from './measure.mjs';

const MIB = 1024 * 1024;
const TENSOR = 512 * MIB;
const NODES = 200_000;
const RSS_LIMIT = 200;

/** @param {{ data: string, dist: string }} where files can be made, and the built program */
export function benchModels({ data, dist }) {
  const main = join(dist, 'cli/main.js');
  const scan = (path) =>
    measure(process.execPath, [main, 'scan', path, '--format', 'json', '--policy', 'research'], { runs: 3 });
  for (const [title, path] of [
    ['512 MiB ONNX model', largeOnnx(join(data, 'large.onnx'))],
    ['512 MiB GGUF model', largeGguf(join(data, 'large.gguf'))],
    ['512 MiB safetensors', largeSafetensors(join(data, 'large.safetensors'))],
  ]) {
    const sum = measure('sha256sum', [path], { runs: 3 });
    const scanned = scan(path);
    const [file] = JSON.parse(scanned.stdout).files;
    if (file.sha256 !== sum.stdout.slice(0, 64) || file.verdict !== 'clean')
      throw new Error(`wrong: ${JSON.stringify(file)}`);
    const rates = [sum, scanned].map(({ wallMs }) => `${((TENSOR / MIB / wallMs) * 1000).toFixed(0)} MiB/s`);
    claim(
      `${title}, of the time of sha256sum`,
      scanned.wallMs / sum.wallMs,
      { atMost: 1.5 },
      `(sha256sum ${rates[0]}, scan ${rates[1]})`,
    );
    claim(`${title}, MiB`, scanned.rssMiB, { atMost: RSS_LIMIT }, '');
  }
  const path = join(data, 'nodes.onnx');
  writeFileSync(path, bytesOf(manyNodes()));
  const size = readFileSync(path).length / MIB;
  const byCpu = (...args) => measure(process.execPath, [main, ...args], { runs: 3, by: 'cpuMs' });
  const empty = byCpu('scan', 'fixtures/format-probes/onnx-ok');
  const scanned = byCpu('scan', path, '--format', 'json', '--policy', 'research');
  if (JSON.parse(scanned.stdout).files[0].verdict !== 'clean')
    throw new Error('a model of listed operators is not clean');
  const cpu = scanned.cpuMs - empty.cpuMs;
  claim(
    `ONNX model of ${NODES} nodes, MiB for a second of CPU, net of the start`,
    size / (cpu / 1000),
    { atLeast: 5 },
    `(${size.toFixed(1)} MiB in ${cpu.toFixed(0)} ms)`,
  );
  claim(`ONNX model of ${NODES} nodes, MiB`, scanned.rssMiB, { atMost: 2 * RSS_LIMIT }, '');
}

const message = (fill) => {
  const out = new ProtoWriter();
  fill(out);
  return out;
};
const bytesOf = (writer) => Buffer.concat(writer.parts());
const relu = (input, output) =>
  message((out) => {
    out.text(1, input);
    out.text(2, output);
    out.text(3, `node_${output}`);
    out.text(4, 'Relu');
  });
const opset = message((out) => out.varint(2, 17));

function manyNodes() {
  return message((out) => {
    out.varint(1, 8);
    out.message(
      7,
      message((graph) => {
        for (let i = 0; i < NODES; i++) graph.message(1, relu(`value_${i}`, `value_${i + 1}`));
      }),
    );
    out.message(8, opset);
  });
}

/** Writes a head and so many random bytes, a MiB of which is repeated. */
function writeLarge(path, head, tail = Buffer.alloc(0)) {
  const part = Buffer.alloc(MIB);
  for (let i = 0; i < MIB; i += 4) part.writeFloatLE(Math.sin(i), i);
  const file = openSync(path, 'w');
  writeSync(file, head);
  for (let i = 0; i < TENSOR / MIB; i++) writeSync(file, part);
  writeSync(file, tail);
  closeSync(file);
  return path;
}

const varint = (value) => {
  const bytes = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    bytes.push(left < 128 ? left : (left % 128) + 128);
    if (left < 128) return Buffer.from(bytes);
  }
};

function largeOnnx(path) {
  const described = bytesOf(message((out) => [out.varint(1, TENSOR / 4), out.varint(2, 1), out.text(8, 'w')]));
  const raw = Buffer.concat([Buffer.from([0x4a]), varint(TENSOR)]);
  const tensorSize = described.length + raw.length + TENSOR;
  const node = bytesOf(message((out) => out.message(1, relu('w', 'y'))));
  const tensorHead = Buffer.concat([Buffer.from([0x2a]), varint(tensorSize)]);
  const graphSize = node.length + tensorHead.length + tensorSize;
  const head = bytesOf(message((out) => [out.varint(1, 8), out.message(8, opset)]));
  const graphHead = Buffer.concat([Buffer.from([0x3a]), varint(graphSize)]);
  return writeLarge(path, Buffer.concat([head, graphHead, node, tensorHead, described, raw]));
}

function largeGguf(path) {
  const u32 = (value) => Buffer.from(Uint32Array.of(value).buffer);
  const u64 = (value) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);
  const text = (value) => Buffer.concat([u64(value.length), Buffer.from(value)]);
  const words = Array.from({ length: 150_000 }, (_, i) => text(`token_${i}`));
  const list = Buffer.concat([text('tokenizer.ggml.tokens'), u32(9), u32(8), u64(words.length), ...words]);
  const tensor = Buffer.concat([text('w'), u32(1), u64(TENSOR / 4), u32(0), u64(0)]);
  const head = Buffer.concat([Buffer.from('GGUF'), u32(3), u64(1), u64(1), list, tensor]);
  return writeLarge(path, Buffer.concat([head, Buffer.alloc((32 - (head.length % 32)) % 32)]));
}

function largeSafetensors(path) {
  const header = Buffer.from(JSON.stringify({ w: { dtype: 'F32', shape: [TENSOR / 4], data_offsets: [0, TENSOR] } }));
  return writeLarge(path, Buffer.concat([Buffer.from(BigUint64Array.of(BigInt(header.length)).buffer), header]));
}
