import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import { extensionLie, identifyFormat, probeNow, probeOf, refineText, UNKNOWN } from '../../src/formats/identify.ts';
import { FORMATS } from '../../src/formats/list.ts';
import { fixtureFiles } from '../support/scan-bytes.ts';

const files = fixtureFiles('fixtures/formats');

function idOf(bytes: Uint8Array | string): string {
  const probe = probeNow(new MemorySource(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, 'bytes'));
  return (probe === undefined ? undefined : identifyFormat(probe)?.id) ?? 'unknown';
}

function formatOf(id: string) {
  return FORMATS.find((format) => format.id === id) ?? UNKNOWN;
}

/** Files that real libraries wrote, with their formats. */
const EXPECTED: Readonly<Record<string, string>> = {
  'README.md': 'text',
  'animated.gif': 'gif',
  'config.json': 'json',
  'data.sqlite': 'sqlite',
  'drawing.svg': 'svg',
  'events.out.tfevents.1': 'tfrecord',
  'flax.msgpack': 'msgpack',
  'latest.h5': 'hdf5',
  'lightgbm.txt': 'lightgbm',
  'lines.jsonl': 'jsonl',
  'merges.txt': 'text',
  'model.onnx': 'onnx',
  'model.safetensors': 'safetensors',
  'no-producer.onnx': 'onnx',
  'old.h5': 'hdf5',
  'picture.bmp': 'bmp',
  'picture.gif': 'gif',
  'picture.ico': 'ico',
  'picture.jpg': 'jpeg',
  'picture.pdf': 'pdf',
  'picture.png': 'png',
  'picture.tiff': 'tiff',
  'picture.webp': 'webp',
  'plain.gguf': 'gguf',
  'plain.safetensors': 'safetensors',
  'pointer.safetensors': 'lfs-pointer',
  'progressive.jpg': 'jpeg',
  'sentencepiece.model': 'sentencepiece',
  'settings.yaml': 'text',
  'sound.wav': 'wav',
  'table.csv': 'text',
  'table.feather': 'arrow',
  'table.parquet': 'parquet',
  'template.gguf': 'gguf',
  'tokenizer.json': 'json',
  'trainer_state.json': 'json',
  'user-block.h5': 'hdf5',
  'utf16.txt': 'text',
};

describe('identifyFormat', () => {
  it('identifies every fixture by its content', () => {
    const found = Object.fromEntries([...files].map(([path, bytes]) => [path, idOf(bytes)]).sort());
    expect(found).toEqual(EXPECTED);
  });

  it('ignores the name: a truncated file is identified by its remaining bytes', async () => {
    const png = files.get('picture.png') ?? new Uint8Array(0);
    expect(identifyFormat(await probeOf(new MemorySource(png.subarray(0, 20), 'x.safetensors')))?.id).toBe('png');
  });

  it.each([
    ['', 'empty'],
    ['\x7fELF\x02\x01\x01\0', 'elf'],
    ['\xcf\xfa\xed\xfe\x07\0\0\x01', 'mach-o'],
    ['\xca\xfe\xba\xbe\0\0\0\x02', 'mach-o'],
    ['\xca\xfe\xba\xbe\0\0\0\x41', 'java-class'],
    [`MZ${'\0'.repeat(0x3a)}\x40\0\0\0PE\0\0`, 'pe'],
    ["MZqFpD='\n", 'ape'],
    ['\0asm\x01\0\0\0', 'wasm'],
    ['\x1bLua\x54\0', 'lua-bytecode'],
    ['\x1c\0\0\0TFL3\0\0\0\0', 'tflite'],
    ['\x1c\0\0\0ET12\0\0\0\0', 'executorch'],
    ['CBM1\x10\0\0\0', 'catboost'],
    ['{L\0\0\0\0\0\0\0\x07learner{', 'xgboost-ubj'],
    ['ftrt\0\0\0\0', 'tensorrt'],
    ['X\n\0\0\0\x03\0\x04\x03\x02', 'rds'],
    ['\x04\0\0\0\x01\0\0\0\x03\0\0\0V 1\x11\0\0\0torch.FloatTensor', 'torch7'],
    ['fLaC\0\0\0\x22', 'flac'],
    ['OggS\0\x02', 'ogg'],
    ['ID3\x04\0\0\0\0', 'mp3'],
    ['\0\0\0\x18ftypmp42', 'mp4'],
    ['\xef\xf0\x9a\x13\x88\x77\x01\x02', 'unknown'],
  ])('identifies %j as %s', (latin1, id) => {
    expect(idOf(Buffer.from(latin1, 'latin1'))).toBe(id);
  });

  it.each([
    ['{"a": [1, 2]}', 'json'],
    ['[1, 2', 'text'],
    ['[1] Smith, A. Title.', 'text'],
    ['[link](target) and prose', 'text'],
    ['{"a": 1}\n{"b": 2}\n', 'jsonl'],
    ['{% for m in messages %}{{ m }}{% endfor %}', 'jinja'],
    ["{{ lipsum.__globals__['os'] }}", 'jinja'],
    ['<?xml version="1.0"?><root/>', 'xml'],
    ['<?xml version="1.0"?><net name="x" version="11"><layers/></net>', 'openvino'],
    ['<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><PMML version="4.4"/>', 'pmml'],
    ['<!-- saved --><!DOCTYPE html><html></html>', 'html'],
    ['<p align="center">A model card</p>\n# Title', 'text'],
    ['#!/bin/sh\necho hi\n', 'shell'],
    ['#!/usr/bin/env python3\nprint(1)\n', 'python'],
    ['# comment\n\n"""Doc."""\nimport os\n', 'python'],
    ['from torch import nn\n', 'python'],
    ['class OrderedDict: pass\n', 'python'],
    ['import things from the market, she said\n', 'text'],
    ['tree\nversion=v4\n', 'lightgbm'],
    ['caf\xe9 au lait', 'text'],
  ])('identifies the text %j as %s', (text, id) => {
    expect(idOf(Buffer.from(text, 'latin1'))).toBe(id);
  });

  it('identifies adversarial texts as text', () => {
    const hostile = [
      '\n'.repeat(4096),
      '<!---->'.repeat(600),
      '<?a?>'.repeat(800),
      '# \n'.repeat(1300),
      '"""'.repeat(1300),
      '{{'.repeat(2048),
      `<${' a'.repeat(2000)}`,
    ];
    for (const text of hostile) expect(idOf(text)).toBe('text');
  });
});

describe('extensionLie', () => {
  it.each([
    ['model.safetensors', 'pickle', 'safetensors'],
    ['model.safetensors', 'elf', 'safetensors'],
    ['config.json', 'pickle', 'json'],
    ['weights.h5', 'tflite', 'hdf5'],
    ['notes.txt', 'gguf', 'text'],
    ['a/b.PNG', 'jpeg', 'png'],
    ['model.onnx', 'tf-graph', 'onnx'],
    ['model.pth.tar', 'elf', 'tar'],
    ['asr.nemo', 'pickle', 'zip'],
    ['layers.tar', 'zip', 'tar'],
    ['notes.pth.tar/layers.tar', 'pickle', 'tar'],
  ])('reports for %s, which is %s, the format of its extension: %s', (path, id, promised) => {
    expect(extensionLie(path, formatOf(id))?.id).toBe(promised);
  });

  it.each([
    ['pytorch_model.bin', 'png'],
    ['model.pt', 'safetensors'],
    ['checkpoint', 'pickle'],
    ['.gitattributes', 'text'],
    ['saved_model.pb', 'tf-saved-model'],
    ['model.pb', 'onnx'],
    ['net.xml', 'openvino'],
    ['data.json', 'text'],
    ['README.md', 'html'],
    ['model.keras', 'hdf5'],
    ['tokenizer.model', 'sentencepiece'],
    ['model.safetensors', 'safetensors'],
    ['model.safetensors', 'lfs-pointer'],
    ['model.xyz', 'pickle'],
    ['model_best.pth.tar', 'zip'],
    ['asr.nemo', 'tar'],
    ['asr.nemo', 'gzip'],
    ['checkpoint.PTH.tar', 'pickle'],
    ['epoch.ckpt.tar', 'tar'],
  ])('accepts %s as %s', (path, id) => {
    expect(extensionLie(path, formatOf(id))).toBeUndefined();
  });
});

describe('text with a name that text readers open', () => {
  const license = `Copyright (c) 2018, ${'A. Author, '.repeat(6)}A. Long\nAll rights reserved.\n\nRedistribution and use\n`;
  const named = (text: string, forReaders: boolean) => {
    const probe = probeNow(new MemorySource(Buffer.from(text), 'LICENSE'));
    return (probe === undefined ? undefined : identifyFormat(probe, forReaders)?.id) ?? 'unknown';
  };

  it('is not identified as a pickle because it starts with a stream without effect', () => {
    expect([named(license, false), named(license, true)]).toEqual(['pickle', 'text']);
  });
});

describe('weights beside a program', () => {
  const header = [0x5d, 0, 0, 0, 2, 0, 0, 0, ...Array<number>(56).fill(0), 0xef, 0xbe, 0xad, 0xde];
  const weights = (bytes: readonly number[]) => Uint8Array.from([...bytes, ...Array<number>(124).fill(0)]);

  it('of Core ML are distinguished from an LZMA stream that starts with the same bytes', () => {
    expect(idOf(weights(header))).toBe('coreml-weights');
  });

  it.each([
    ['a version other than 2', [4, 3]],
    ['a non-zero reserved byte', [12, 1]],
    ['another signature before the first blob', [64, 0xee]],
  ] satisfies [string, [number, number]][])('of Core ML are not identified with %s', (_title, [at, byte]) => {
    expect(idOf(weights(header.with(at, byte)))).not.toBe('coreml-weights');
  });

  it('of TensorFlow are identified by name if nothing else identifies them', () => {
    expect(refineText('variables/variables.data-00000-of-00001', UNKNOWN).id).toBe('tensorbundle-data');
    expect(refineText('variables.data-00000-of-00001', formatOf('pickle')).id).toBe('pickle');
    expect(refineText('variables.data-1-of-2', UNKNOWN).id).toBe('unknown');
  });

  it('an Apple icon file must have its stated length', () => {
    expect(idOf(Uint8Array.from([...Buffer.from('icns'), 0, 0, 0, 16, ...Buffer.from('ic07'), 0, 0, 0, 8]))).toBe(
      'icns',
    );
    expect(idOf(Uint8Array.from([...Buffer.from('icns'), 0, 0, 0, 17, ...Buffer.from('ic07'), 0, 0, 0, 8]))).not.toBe(
      'icns',
    );
  });
});

describe('refineText', () => {
  it('lets an extension select among kinds of text only', () => {
    expect(refineText('a.yaml', formatOf('text')).id).toBe('yaml');
    expect(refineText('a.py', formatOf('text')).id).toBe('python');
    expect(refineText('a.md', formatOf('text')).id).toBe('markdown');
    expect(refineText('a.safetensors', formatOf('text')).id).toBe('text');
    expect(refineText('a.yaml', formatOf('json')).id).toBe('json');
  });
});
