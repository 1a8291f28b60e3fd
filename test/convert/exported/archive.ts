import { readFile } from 'node:fs/promises';
import { openExported } from '../../../src/convert/exported/archive.ts';
import { elementBytes } from '../../../src/convert/tensors/elements.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { archiveEntries, memberBytes } from '../../../src/formats/archive/members.ts';
import { buildZip } from '../../support/containers.ts';
import { withReadOptions } from '../convert-bytes.ts';

const FILE = 'fixtures/convert/exported/2.6.0/exported-mlp.pt2';

/** The members of an exported multilayer perceptron, as PyTorch 2.6 wrote it. */
export async function members(): Promise<Map<string, Buffer>> {
  const bytes = await readFile(FILE);
  return await withReadOptions(bytes.length, {}, async (options) => {
    const source = new MemorySource(bytes, FILE);
    const all = new Map<string, Buffer>();
    for (const [name, entry] of await archiveEntries(source, options)) {
      const member = await memberBytes(source, entry);
      all.set(name, Buffer.from(await member.read(0, member.size)));
    }
    return all;
  });
}

export function zipped(parts: ReadonlyMap<string, Buffer>): Uint8Array {
  return buildZip([...parts].map(([name, data]) => ({ name, data })));
}

const PROGRAM = 'serialized_exported_program.json';

/** The same model with another program. */
export async function withProgram(change: (program: string) => string): Promise<Uint8Array> {
  const parts = await members();
  parts.set(PROGRAM, Buffer.from(change(parts.get(PROGRAM)?.toString() ?? '')));
  return zipped(parts);
}

/** The same model as PyTorch 2.8 lays it out: torch.save makes the weights. */
export async function laidOut28(): Promise<Uint8Array> {
  const parts = await members();
  return zipped(
    new Map([
      ['mlp/archive_format', Buffer.from('pt2')],
      ['mlp/byteorder', Buffer.from('little')],
      ['mlp/models/model.json', parts.get(PROGRAM) ?? Buffer.alloc(0)],
      ['mlp/data/weights/model.pt', parts.get('serialized_state_dict.pt') ?? Buffer.alloc(0)],
      ['mlp/data/constants/model.pt', parts.get('serialized_constants.pt') ?? Buffer.alloc(0)],
    ]),
  );
}

/** The same model as PyTorch 2.15 lays it out: each weight is a member, which a document describes. */
export async function laidOut215(change: (config: string) => string = (config) => config): Promise<Uint8Array> {
  const bytes = await readFile(FILE);
  const program = (await members()).get(PROGRAM) ?? Buffer.alloc(0);
  return await withReadOptions(bytes.length, {}, async (options) => {
    const { weights } = await openExported({ path: FILE, source: new MemorySource(bytes, FILE) }, options);
    const parts = new Map([
      ['mlp/archive_format', Buffer.from('pt2')],
      ['mlp/byteorder', Buffer.from('little')],
      ['mlp/models/model.json', program],
      ['mlp/data/constants/model_constants_config.json', Buffer.from('{"config": {}}')],
    ]);
    const config: Record<string, unknown> = {};
    let index = 0;
    for (const [name, tensor] of weights) {
      const path = `weight_${index++}`;
      const pieces: Buffer[] = [];
      for await (const piece of elementBytes(tensor, undefined)) pieces.push(Buffer.from(piece));
      parts.set(`mlp/data/weights/${path}`, Buffer.concat(pieces));
      const sizes = tensor.shape.map((size) => ({ as_int: size }));
      const strides = tensor.strides.map((stride) => ({ as_int: stride }));
      const meta = { dtype: 7, sizes, strides, storage_offset: { as_int: 0 }, layout: 7 };
      config[name] = { path_name: path, is_param: true, use_pickle: false, tensor_meta: meta };
    }
    parts.set('mlp/data/weights/model_weights_config.json', Buffer.from(change(JSON.stringify({ config }))));
    return zipped(parts);
  });
}
