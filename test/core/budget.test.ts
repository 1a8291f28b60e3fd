import { describe, expect, it } from 'vitest';
import { BudgetError, FileBudget } from '../../src/core/budget.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';

const limits = {
  ...DEFAULT_LIMITS,
  fileWorkBase: 100,
  fileWorkPerByte: 2,
  maxFileWork: 1_000,
  maxFileMemory: 500,
  maxExpandedBytes: 10_000,
  maxForks: 2,
};

describe('the budget of a file', () => {
  it('allows work in proportion to the bytes of the file and its expansion, up to a bound', () => {
    const budget = new FileBudget(limits, 50);
    expect(budget.allowed).toBe(200);
    budget.remaining -= 100;
    expect(budget.allowed).toBe(400);
    budget.remaining -= 5_000;
    expect(budget.allowed).toBe(1_000);
    expect(budget.remaining).toBe(4_900);
  });

  it('ends work beyond the allowed amount, and names the limit', () => {
    const budget = new FileBudget(limits, 0);
    budget.work(100);
    expect(() => budget.work(1)).toThrow(BudgetError);
    expect(() => budget.work(1)).toThrow(/\(maxFileWork\)$/);
  });

  it('charges memory before it is allocated, and releases it', () => {
    const budget = new FileBudget(limits, 0);
    budget.hold(400);
    expect(() => budget.hold(101)).toThrow(/\(maxFileMemory\)$/);
    expect(budget.held).toBe(400);
    budget.release(300);
    budget.hold(300);
    expect(budget).toMatchObject({ held: 400, peak: 400 });
  });

  it('counts the forks of machines', () => {
    const budget = new FileBudget(limits, 0);
    expect([budget.fork(), budget.fork(), budget.fork()]).toEqual([true, true, false]);
    expect(budget.forks).toBe(2);
  });

  it('acquires the shared memory lock once when it needs more than its share, and releases it at the end', () => {
    const asked: string[] = [];
    const pool = {
      share: 100,
      acquire: () => void asked.push('acquire'),
      release: () => void asked.push('release'),
    };
    const small = new FileBudget(limits, 0, pool);
    small.hold(100);
    small.close();
    expect(asked).toEqual([]);
    const large = new FileBudget(limits, 0, pool);
    large.hold(101);
    large.hold(100);
    large.close();
    large.close();
    expect(asked).toEqual(['acquire', 'release']);
  });
});
