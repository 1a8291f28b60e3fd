import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { assess } from '../../src/pipeline/assess.ts';
import { artifactOf, memoryFile } from '../support/artifacts.ts';
import { findPython, requirePart } from '../support/parts.ts';
import { runProgram } from '../support/run-program.ts';
import { SECRET_KINDS, secretOf } from '../support/secrets.ts';
import { tempFolder } from '../support/temp.ts';

const folder = tempFolder();
const kind = SECRET_KINDS.find(({ name }) => name === 'hugging face');
const SECRET = kind === undefined ? '' : secretOf(kind, 7);

/** Each library writes the text where its users put notes: into metadata, attributes, comments and members. */
const MAKE = `
import gzip, io, json, pickle, sys, tarfile, zipfile
import h5py, joblib, numpy as np, onnx
from onnx import TensorProto, helper
from safetensors.numpy import save_file
out, note = sys.argv[1], 'made with ' + sys.argv[2]
at = lambda name: out + '/' + name
save_file({'w': np.zeros((4, 4), np.float32)}, at('model.safetensors'), metadata={'note': note})
relu = helper.make_node('Relu', ['x'], ['y'])
value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [1])
graph = helper.make_graph([relu], 'g', [value('x')], [value('y')])
onnx.save(helper.make_model(graph, doc_string=note, opset_imports=[helper.make_opsetid('', 17)]), at('model.onnx'))
with h5py.File(at('model.h5'), 'w') as file:
    file.attrs['note'] = note
    file['w'] = np.zeros(4)
with open(at('model.pkl'), 'wb') as file: pickle.dump({'note': note, 'w': [1, 2]}, file)
joblib.dump({'note': note}, at('model.joblib'), compress=3)
with zipfile.ZipFile(at('commented.zip'), 'w') as file:
    file.comment = note.encode()
    file.writestr('a.txt', 'a')
with zipfile.ZipFile(at('deflated.zip'), 'w', zipfile.ZIP_DEFLATED) as file: file.writestr('config.json', json.dumps({'note': note}))
with zipfile.ZipFile(at('stored.zip'), 'w') as file: file.writestr('config.json', json.dumps({'note': note}))
config = ('[remote "origin"]\\n\\turl = https://user:' + sys.argv[2] + '@huggingface.co/acme/m\\n').encode()
with tarfile.open(at('model.tar.gz'), 'w:gz') as file:
    info = tarfile.TarInfo('m/.git/config')
    info.size = len(config)
    file.addfile(info, io.BytesIO(config))
with gzip.open(at('words.json.gz'), 'wt') as file: json.dump({'note': note}, file)
np.savez(at('arrays.npz'), note=np.array([note.encode()]))
`;

const python = findPython();

requirePart('Python', python !== undefined, 'run npm test once', 'a secret in a file of a real library', () => {
  beforeAll(async () => {
    const ran = await runProgram(python ?? '', ['-c', MAKE, folder, SECRET]);
    expect(ran.status, ran.stderr).toBe(0);
  });

  it('is found once in each of them, and changes no verdict', async () => {
    const names = readdirSync(folder).sort();
    expect(names).toHaveLength(11);
    for (const name of names) {
      const bytes = readFileSync(join(folder, name));
      const { files, findings } = await assess(artifactOf([memoryFile(name, bytes)]));
      const secrets = findings.filter(({ ruleId }) => ruleId === 'secret.token');
      expect(secrets, name).toHaveLength(1);
      expect(JSON.stringify({ files, findings }), name).not.toContain(SECRET);
      const other = Buffer.from(bytes);
      const at = other.indexOf(SECRET);
      if (at < 0) continue;
      other.fill('x', at + 3, at + SECRET.length);
      const without = await assess(artifactOf([memoryFile(name, other)]));
      // The change makes the checksum of an archive's member wrong.
      if (!name.endsWith('.zip') && !name.endsWith('.npz'))
        expect(without.files[0]?.verdict, name).toBe(files[0]?.verdict);
      expect(without.findings.filter(({ ruleId }) => ruleId === 'secret.token')).toEqual([]);
    }
  });
});

it('a secret in a text is a finding of its line', async () => {
  const text = `{"token": "${SECRET}"}`;
  const { findings } = await assess(artifactOf([memoryFile('config.json', Buffer.from(text))]));
  expect(findings).toMatchObject([{ ruleId: 'secret.token', severity: 'high', file: 'config.json', line: 1 }]);
});
