import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openSnapshot } from '../../../../src/snapshot/index.ts';
import { HOW_REGISTRY, hasRegistry, RealRegistry } from '../../../support/oci-registry.ts';
import { requirePart, STORY } from '../../../support/parts.ts';
import { runCli } from '../../run-cli.ts';

requirePart(
  'docker-registry',
  hasRegistry,
  HOW_REGISTRY,
  'assay approve --as',
  () => {
    let registry: RealRegistry;
    let folder: string;
    let digest: string;
    const key = (name: string) => join(folder, `${name}.pem`);
    beforeAll(async () => {
      registry = await RealRegistry.start();
      folder = mkdtempSync(join(tmpdir(), 'assay-approve-image-'));
      for (const name of ['approver', 'writer']) {
        const { privateKey } = generateKeyPairSync('ed25519');
        writeFileSync(key(name), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
      }
      const config = { Entrypoint: ['/usr/bin/wait'], Cmd: ['-t', '5'], Env: ['A=b'], Volumes: { '/data': {} } };
      const bytes = Buffer.from(JSON.stringify({ os: 'linux', architecture: 'amd64', config }));
      const mediaType = 'application/vnd.oci.image.config.v1+json';
      digest = await registry.push('tools/wait', '1.2', [], { config: { bytes, mediaType } });
    });
    afterAll(async () => {
      await registry.close();
      rmSync(folder, { recursive: true, force: true });
    });

    const run = (...args: string[]) => runCli(args, { cwd: folder });
    const image = () => `oci://${registry.host}/tools/wait`;
    const approve = (reference: string, ...more: string[]) =>
      run('approve', reference, '--registry', 'models.db', '--key', key('approver'), '--yes', ...more);
    const facts = {
      entrypoint: ['/usr/bin/wait'],
      cmd: ['-t', '5'],
      env: ['A=b'],
      workingDir: '/',
      volumes: ['/data'],
    };

    it('reads what the image starts, and the next snapshot says it', async () => {
      const ran = await approve(`${image()}@${digest}`, '--as', 'program');
      expect(ran.stderr).toMatch(/^assay: note: this key is the first to approve here/);
      expect(ran).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/"\/usr\/bin\/wait"[\s\S]*approved +as program/),
      });
      const tagged = await approve(`${image()}:1.2`, '--as', 'sealed', '--format', 'json');
      expect(JSON.parse(tagged.stdout)).toMatchObject({
        digest,
        tag: '1.2',
        as: 'sealed',
        platforms: ['linux/amd64'],
        facts,
      });
      const written = await run('snapshot', '--registry', 'models.db', '--key', key('writer'), '-o', 'snapshot.json');
      expect({ ...written, stderr: '' }).toMatchObject({ code: 0 });
      const trust = createPublicKey(readFileSync(key('writer'), 'utf8'));
      const snapshot = openSnapshot(readFileSync(join(folder, 'snapshot.json')), { trust, now: new Date() });
      expect(snapshot.sealsImage(digest, new Date())).toBe(true);
      expect(snapshot.imageFacts(digest)).toEqual(facts);
      expect(snapshot.imageNamed(`${image()}:1.2`, new Date())).toBe(digest);
    });

    it('is revoked by the digest of the image', async () => {
      const revoke = () => run('revoke', digest, '--image', '--reason', 'it holds a model', '--registry', 'models.db');
      const first = await revoke();
      expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining(`of ${digest} is revoked`) });
      expect(await revoke()).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/has no valid approval as an image/),
      });
      const written = await run('snapshot', '--registry', 'models.db', '--key', key('writer'), '-o', 'snapshot.json');
      expect(written.code).toBe(0);
      const trust = createPublicKey(readFileSync(key('writer'), 'utf8'));
      const snapshot = openSnapshot(readFileSync(join(folder, 'snapshot.json')), { trust, now: new Date() });
      expect(snapshot.allowsImage(digest, new Date())).toBe(false);
    });

    it('takes container images alone, and what is about them', async () => {
      for (const [args, why] of [
        [['./model', '--as', 'program'], /is not a container image/],
        [[image(), '--as', 'program', '--model', 'a/b'], /--model: is of models/],
        [[image(), '--as', 'program', '--offline'], /read from its registry/],
        [[`${image()}:none`, '--as', 'program'], /has no manifest none/],
        [[image()], /no stage is given/],
        [[image(), '--as', 'anything'], /no stage is given/],
      ] as const) {
        const { code, stderr } = await approve(...(args as unknown as [string, ...string[]]));
        expect({ args, code, stderr }).toEqual({ args, code: 2, stderr: expect.stringMatching(why) });
      }
    });
  },
  STORY,
);
