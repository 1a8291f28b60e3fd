import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROBES, runCli } from '../cli/run-cli.ts';
import {
  type Blob,
  HOW_REGISTRY,
  hasRegistry,
  RealRegistry,
  type SmallServer,
  startFront,
} from '../support/oci-registry.ts';
import { requirePart } from '../support/parts.ts';

const MiB = 1024 * 1024;

/** A safetensors file with one tensor. */
function safetensors(data: number): Buffer {
  const header = Buffer.from(
    JSON.stringify({ w: { dtype: 'U8', shape: [data], data_offsets: [0, data] } }).padEnd(128),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(data, 1)]);
}

function modelPack(bytes: Uint8Array, path: string, form = 'raw'): Blob {
  const mediaType = `application/vnd.cncf.model.weight.v1.${form}`;
  return { bytes, mediaType, annotations: { 'org.cncf.model.filepath': path } };
}

requirePart('docker-registry', hasRegistry, HOW_REGISTRY, 'assay scan of an OCI registry', () => {
  let registry: RealRegistry;
  let counting: SmallServer;
  let sent = 0;
  beforeAll(async () => {
    registry = await RealRegistry.start();
    counting = await startFront(registry, async (_, answer) => {
      const given = await answer();
      sent += given.body?.length ?? 0;
      return given;
    });
  });
  afterAll(async () => {
    await counting.close();
    await registry.close();
  });

  test('exits with 0 and pins 64 MiB of weights after less than a twentieth of the bytes', async () => {
    const digest = await registry.push('good/model', 'v1', [modelPack(safetensors(64 * MiB), 'model.safetensors')]);
    const ref = `oci://${counting.host}/good/model:v1`;
    const { code, stdout, stderr } = await runCli(['scan', '--format', 'json', ref]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const { artifact, stats } = JSON.parse(stdout);
    expect(artifact.pinned).toBe(`oci://${counting.host}/good/model@${digest}`);
    expect(stats.bytesTotal).toBeGreaterThan(64 * MiB);
    expect(sent).toBeLessThan((64 * MiB) / 20);
    console.log(`sent ${sent} of ${64 * MiB} bytes: ${((100 * sent) / (64 * MiB)).toFixed(3)} %`);
    const table = await runCli(['scan', ref]);
    expect(table.code).toBe(0);
    expect(table.stdout.replace(/\s/g, '')).toContain(artifact.pinned);
  });

  test('exits with 1 for a pickle that runs code, raw and within tar and gzip', async () => {
    const folder = join(PROBES, 'gadget-exec');
    const pickle = readFileSync(join(folder, 'a.pkl'));
    const tar = execFileSync('tar', ['-C', folder, '-cf', '-', 'a.pkl']);
    await registry.push('bad/raw', 'v1', [modelPack(pickle, 'model.bin')]);
    await registry.push('bad/tar', 'v1', [modelPack(tar, 'model.bin', 'tar')]);
    await registry.push('bad/gz', 'v1', [modelPack(gzipSync(tar), 'model.bin', 'tar+gzip')]);
    await registry.push('bad/config', 'v1', [modelPack(safetensors(10), 'model.safetensors')], {
      config: { bytes: pickle, mediaType: 'application/vnd.cncf.model.config.v1+json' },
    });
    for (const name of ['raw', 'tar', 'gz', 'config']) {
      const { code, stdout } = await runCli(['scan', '--format', 'json', `oci://${registry.host}/bad/${name}:v1`]);
      expect({ name, code }).toEqual({ name, code: 1 });
      expect(stdout).toContain('"pickle.global.dangerous"');
    }
  });

  test('denies a layer whose name leaves the folder, and exits with 2 for no layers', async () => {
    await registry.push('bad/name', 'v1', [
      modelPack(safetensors(10), 'model.safetensors'),
      modelPack(Buffer.from('* * * * * root id'), '../../etc/cron.d/x'),
    ]);
    const named = await runCli(['scan', `oci://${registry.host}/bad/name:v1`]);
    expect(named.code).toBe(1);
    expect(named.stdout).toContain('is not a path within the artifact');
    const missing = await runCli(['scan', `oci://${registry.host}/bad/nothing:v1`]);
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('has no manifest v1 (404)') });
    const offline = await runCli(['scan', '--offline', `oci://${registry.host}/good/model:v1`]);
    expect(offline).toMatchObject({ code: 2, stderr: expect.stringContaining('--offline') });
  });
});

test('a scan of a path loads no OCI code', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-loaded-'));
  try {
    const { code } = await runCli(['scan', join(PROBES, 'ok-dict')], { env: { NODE_V8_COVERAGE: folder } });
    expect(code).toBe(0);
    const loaded = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    // Searches by function names, since modules may be bundled.
    expect(loaded.join()).toContain('"functionName":"openPath"');
    expect(loaded.join()).not.toMatch(/"functionName":"(openOci|parseManifest)"|node_modules\/undici/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
