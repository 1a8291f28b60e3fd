import { Ajv } from 'ajv';
import Fastify from 'fastify';
import { afterAll, describe, expect, it } from 'vitest';
import { maybe, object, objectOf, optionalOf, string, text, wholeNumber } from '../../../src/core/schema/index.ts';
import type { App, SchemaTypes } from '../../../src/service/fastify-app.ts';
import { addValidation } from '../../../src/service/http/validation.ts';
import { problemOf } from '../../../src/service/problems/index.ts';

const Query = object({
  limit: optionalOf(wholeNumber({ minimum: 1, maximum: 200 })),
  after: optionalOf(text('A text', { minLength: 1, maxLength: 5 })),
});
const Headers = objectOf({ 'upload-offset': wholeNumber({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }) });
const Body = object({ text: string({ maxLength: 3 }), count: optionalOf(wholeNumber({ minimum: 0 })) });

const app: App = Fastify().withTypeProvider<SchemaTypes>();
addValidation(app);
app.setErrorHandler((error, request, reply) => {
  const problem = problemOf(error, request.id);
  return reply.code(problem.status).send(JSON.stringify(problem));
});
app.get('/query', { schema: { querystring: Query } }, async ({ query }) => query);
app.get('/number/:n', { schema: { params: object({ n: wholeNumber({ minimum: 0 }) }) } }, async ({ params }) => params);
app.get('/headers', { schema: { headers: Headers } }, async ({ headers }) => headers);
app.post('/body', { schema: { body: Body } }, async ({ body }) => body);
app.post('/form', { schema: { body: maybe(object({})) } }, async () => ({ taken: true }));
afterAll(() => app.close());

const get = async (url: string, headers = {}) => {
  const { statusCode, body } = await app.inject({ url, headers });
  return { status: statusCode, body: JSON.parse(body) };
};
const post = async (url: string, payload: string) => {
  const headers = { 'content-type': 'application/json' };
  const { statusCode, body } = await app.inject({ url, method: 'POST', headers, payload });
  return { status: statusCode, body: JSON.parse(body) };
};

describe('numbers in a URL', () => {
  const ajv = new Ajv({ coerceTypes: 'array' });
  const validate = ajv.compile(Query.json);
  it.each([
    '1',
    '200',
    '201',
    '0',
    '-1',
    '1.5',
    '1e2',
    '1E1',
    '0x10',
    '0b11',
    '٣',
    ' 7 ',
    '+7',
    '007',
    '',
    ' ',
    'NaN',
    'true',
    'null',
    '1_000',
    '1n',
    '[]',
    '9007199254740993',
  ])('are parsed as by the reference: %j', async (given) => {
    const query: Record<string, unknown> = { limit: given };
    const taken = validate(query);
    const { status, body } = await get(`/query?limit=${encodeURIComponent(given)}`);
    expect(status).toBe(taken ? 200 : 400);
    if (taken) expect(body).toEqual(query);
  });

  it('are not parsed from repeated or non-numeric values', async () => {
    expect((await get('/query?limit=1&limit=2')).status).toBe(400);
    expect((await get('/query?limit=Infinity')).status).toBe(400);
    expect((await get('/query?after=1')).body).toEqual({ after: '1' });
    expect((await get('/number/12')).body).toEqual({ n: 12 });
    expect((await get('/number/twelve')).body).toMatchObject({
      errors: [{ path: 'params/n', message: 'must be integer' }],
    });
  });

  it('are parsed in headers, and all other headers stay unchanged', async () => {
    const { body } = await get('/headers', { 'upload-offset': '12', 'x-other': 'kept' });
    expect(body).toMatchObject({ 'upload-offset': 12, 'x-other': 'kept' });
    expect((await get('/headers')).body).toMatchObject({
      errors: [{ path: 'headers', message: "must have required property 'upload-offset'" }],
    });
  });
});

describe('a query', () => {
  it.each(['__proto__', 'constructor', 'toString', '__proto__[limit]', 'limit[]', ' limit'])(
    'with the unknown parameter %j is refused with its name',
    async (name) => {
      const { status, body } = await get(`/query?${encodeURIComponent(name)}=1`);
      expect(status).toBe(400);
      const message = `must NOT have additional properties: ${JSON.stringify(name)}`;
      expect(body).toMatchObject({ code: 'invalid-request', errors: [{ path: 'querystring', message }] });
    },
  );
});

describe('a body', () => {
  it.each([
    ['{"text": "abc", "count": "1"}', '/count', 'must be integer'],
    ['{"text": 1}', '/text', 'must be string'],
    ['{"text": ["abc"]}', '/text', 'must be string'],
    ['{"count": 1}', '', "must have required property 'text'"],
    ['{"text": "abcd"}', '/text', 'must NOT have more than 3 characters'],
    ['{"text": "abc", "other": 1}', '', 'must NOT have additional properties: "other"'],
    ['{"text": "abc", "toString": 1}', '', 'must NOT have additional properties: "toString"'],
    ['[]', '', 'must be object'],
    ['null', '', 'must be object'],
    ['"text"', '', 'must be object'],
    [`${'['.repeat(5000)}${']'.repeat(5000)}`, '', 'must be object'],
  ])('%s is refused', async (payload, pointer, message) => {
    const { status, body } = await post('/body', payload);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'invalid-request', errors: [{ path: `body${pointer}`, message }] });
  });

  it.each(['{"text": "abc", "__proto__": {}}', '{"text": "abc", "constructor": {"prototype": {}}}'])(
    '%s is refused for its prototype keys',
    async (payload) => {
      expect((await post('/body', payload)).status).toBe(400);
    },
  );

  it('is limited in characters, not in UTF-16 code units', async () => {
    expect((await post('/body', JSON.stringify({ text: '\u{1f600}'.repeat(3) }))).status).toBe(200);
    expect((await post('/body', JSON.stringify({ text: '\u{1f600}'.repeat(4) }))).status).toBe(400);
  });

  it('can omit its optional fields', async () => {
    expect((await app.inject({ method: 'POST', url: '/form' })).statusCode).toBe(200);
    expect((await post('/form', '{}')).status).toBe(200);
    expect((await post('/form', '{"a": 1}')).status).toBe(400);
  });
});
