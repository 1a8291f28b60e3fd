import { afterEach, describe, expect, it, vi } from 'vitest';
import { readMultipart } from '../../../src/service/console/multipart.ts';
import { ServiceError } from '../../../src/service/problems/service-error.ts';

const TYPE = 'multipart/form-data; boundary=BB';
const part = (name: string) => `--BB\r\nContent-Disposition: form-data; name="${name}"\r\n\r\nx\r\n`;
const form = (parts: number) => Buffer.from(`${part('a').repeat(parts)}--BB--\r\n`);

async function codeOf(body: Buffer, type = TYPE): Promise<string> {
  try {
    await readMultipart(body, type);
    return 'nothing was refused';
  } catch (error) {
    if (error instanceof ServiceError) return error.code;
    throw error;
  }
}

afterEach(() => vi.restoreAllMocks());

describe('a form with files', () => {
  it('accepts parts up to the limit', async () => {
    expect(await codeOf(form(2000))).toBe('nothing was refused');
    expect(await codeOf(form(2001))).toBe('body-too-large');
  });

  it('with hundreds of thousands of parts is refused before they are parsed', async () => {
    const parse = vi.spyOn(Response.prototype, 'formData');
    expect(await codeOf(form(2000))).toBe('nothing was refused');
    expect(parse).toHaveBeenCalledTimes(1);
    expect(await codeOf(form(300_000))).toBe('body-too-large');
    expect(parse).toHaveBeenCalledTimes(1);
  });

  it.each([
    'multipart/form-data',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary=AA; boundary=BB',
    'multipart/form-data; charset=utf-8; boundary=BB',
    'multipart/form-data; boundary="BB',
    'multipart/mixed; boundary=BB',
  ])('with an ambiguous content type is refused: %s', async (type) => {
    expect(await codeOf(form(1), type)).toBe('malformed-body');
  });

  it.each([
    'multipart/form-data; boundary=BB',
    'multipart/form-data; boundary="BB"',
    'Multipart/Form-Data;boundary=BB',
  ])('is parsed as %s', async (type) => {
    expect((await readMultipart(form(1), type)).fields.get('a')).toBe('x');
  });
});
