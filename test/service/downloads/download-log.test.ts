import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Principal } from '../../../src/registry/index.ts';
import { DownloadLog } from '../../../src/service/downloads/index.ts';
import { OPERATOR, type TestService, testService } from '../../support/service.ts';
import { tempFolder } from '../../support/temp.ts';

const HOUR = 3_600_000;
const by: Principal = { ...OPERATOR, subject: 'vera', issuer: 'https://login.example' };
let service: TestService;

beforeAll(async () => {
  service = await testService(join(tempFolder(), 'downloads'));
});
afterAll(() => service.close());

/** Who downloaded what, the first first. */
async function told(subject: string): Promise<string[]> {
  const { items } = await service.registry.auditLog(OPERATOR, { subject, limit: 200 });
  return items.map(({ actor, action }) => `${actor} ${action}`);
}

it('tells the audit log of each person and each model once an hour, however much is read', async () => {
  let now = 0;
  const log = new DownloadLog(service.registry, () => now);
  const other = { ...by, subject: 'ben' };
  for (let file = 0; file < 20; file++) await log.tell(by, 'model.downloaded', 'hf://acme/one');
  await log.tell(by, 'model.downloaded', 'hf://acme/two');
  await log.tell(other, 'model.downloaded', 'hf://acme/one');
  now = HOUR - 1;
  await log.tell(by, 'model.downloaded', 'hf://acme/one');
  const vera = 'vera (https://login.example) model.downloaded';
  expect(await told('hf://acme/one')).toEqual([vera, 'ben (https://login.example) model.downloaded']);
  expect(await told('hf://acme/two')).toEqual([vera]);
  now = HOUR;
  await log.tell(by, 'model.downloaded', 'hf://acme/one');
  expect((await told('hf://acme/one')).filter((line) => line === vera)).toHaveLength(2);
  expect(await service.registry.verifyAuditLog(OPERATOR)).toMatchObject({ kind: 'intact' });
});

it('tells two persons with one name apart, and the same person in two tenants', async () => {
  const log = new DownloadLog(service.registry, () => 0);
  const callers = [by, { ...by, issuer: 'https://other.example' }, { ...by, tenant: 'acme' }];
  for (const caller of callers) await log.tell(caller, 'model.downloaded', 'hf://acme/three');
  expect(await told('hf://acme/three')).toEqual([
    'vera (https://login.example) model.downloaded',
    'vera (https://other.example) model.downloaded',
  ]);
  const theirs = await service.registry.auditLog({ ...OPERATOR, tenant: 'acme' }, { subject: 'hf://acme/three' });
  expect(theirs.items).toHaveLength(1);
});

it('hands nothing out that the log was not told of, and tells it the next time', async () => {
  const own = await testService(join(tempFolder(), 'broken'));
  const log = new DownloadLog(own.registry, () => 0);
  await own.registry.close();
  await expect(log.tell(by, 'model.downloaded', 'hf://acme/four')).rejects.toThrow();
  // It was not remembered as told: it is tried again.
  await expect(log.tell(by, 'model.downloaded', 'hf://acme/four')).rejects.toThrow();
  await own.app.close();
});
