import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { started } from '../service/queue/backends.ts';
import { requirePart } from '../support/parts.ts';
import { hasRedis, REDIS_HOW, RedisServer } from '../support/redis.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

const MAIN = new URL('../../dist/src/cli/main.js', import.meta.url).pathname;
const folder = tempFolder();

requirePart('Redis server', hasRedis, REDIS_HOW, 'assay worker', () => {
  const locked = started(() => RedisServer.start(['--requirepass', 'something']));

  test('reports that Redis refuses access, and stops on a signal', async () => {
    const database = `sqlite:${join(folder, 'assay.db')}`;
    const args = ['worker', '--data', folder, '--database', database, '--queue', locked().url];
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: { PATH: process.env.PATH },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    try {
      let said = '';
      child.stderr.on('data', (text) => {
        said += text;
      });
      await until(
        'it is reported',
        () => said.includes('cancellations and new jobs arrive late: NOAUTH') || child.exitCode !== null,
      );
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      expect(await ended, said).toEqual([143, null]);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
