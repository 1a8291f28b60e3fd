import { expect, it } from 'vitest';
import { readMultipart } from '../../../src/service/console/multipart.ts';
import { work } from '../../support/work.ts';

const part = '--BB\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n';
const refused = (parts: number) => {
  const body = Buffer.from(`${part.repeat(parts)}--BB--\r\n`);
  return work(() => readMultipart(body, 'multipart/form-data; boundary=BB').catch(() => undefined));
};

it('the work on a form with too many parts does not grow with their number', async () => {
  await refused(3_000);
  const few = await refused(3_000);
  expect(few).toBeGreaterThan(2_000);
  expect((await refused(300_000)) / few).toBeCloseTo(1, 1);
});
