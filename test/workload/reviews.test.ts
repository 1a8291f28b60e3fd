import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { extractReferences } from '../../src/workload/index.ts';

const REVIEWS = new URL('../../fixtures/admission-reviews/', import.meta.url);
const GOLDEN = new URL('../golden/workload/', import.meta.url);
const names = readdirSync(REVIEWS).filter((name) => name.endsWith('.json'));

describe('reviews recorded from a real API server', () => {
  it('are all listed', () => expect(names).toHaveLength(26));

  it.each(names)('give the recorded references: %s', async (name) => {
    const { request } = JSON.parse(readFileSync(new URL(name, REVIEWS), 'utf8'));
    const found = `${JSON.stringify(extractReferences(request.object), null, 2)}\n`;
    await expect(found).toMatchFileSnapshot(new URL(name, GOLDEN).pathname);
  });
});
