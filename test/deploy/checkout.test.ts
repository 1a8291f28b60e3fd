import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { ROOT } from '../cli/run-cli.ts';
import { tempFolder } from '../support/temp.ts';

it('the build scripts and the demo work in a folder with a space in its name', async () => {
  const folder = join(tempFolder(), 'my projects');
  mkdirSync(join(folder, 'fixtures'), { recursive: true });
  for (const name of ['package.json', 'policies', 'scripts', 'dist', 'fixtures/demo.mjs'])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  for (const name of ['node_modules', 'fixtures/benign', 'fixtures/pickle-probes'])
    symlinkSync(join(ROOT, name), join(folder, name));
  for (const script of ['scripts/read-ahead.mjs', 'scripts/openapi.mjs', 'fixtures/demo.mjs']) {
    // execFile rejects for any exit status but 0.
    const { stderr } = await promisify(execFile)(process.execPath, [script], { cwd: folder });
    expect({ script, stderr }).toEqual({ script, stderr: '' });
  }
});
