import { describe, expect, it } from 'vitest';
import { cleanReview, mixedReview } from './html-sample.ts';

describe('the review', () => {
  it('is the frozen one', async () => {
    await expect(mixedReview()).toMatchFileSnapshot('../golden/review.html');
    await expect(cleanReview()).toMatchFileSnapshot('../golden/review-clean.html');
  });
});
