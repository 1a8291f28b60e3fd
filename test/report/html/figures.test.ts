import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Figure } from '../../../src/core/behavior/index.ts';
import { figuresBlock } from '../../../src/report/html/figures/figures.ts';
import { numberText, scaleOf } from '../../../src/report/html/figures/scale.ts';
import { all, attribute, parseHtml, textOf } from '../../support/parsed-html.ts';
import { HOSTILE } from '../hostile.ts';
import { COLOURED, CURVE, IMAGE, pixelsOf } from './test-sample.ts';

const drawn = (...figures: readonly Figure[]) =>
  parseHtml(`<!DOCTYPE html><html><head><title>t</title></head><body>${figuresBlock(figures)}</body></html>`);

describe('a curve', () => {
  it('is drawn as lines that differ without colour, with its axes, its numbers, and words for readers', () => {
    const parsed = drawn(CURVE);
    expect(parsed.errors).toEqual([]);
    const [svg] = all(parsed, 'svg');
    expect(svg && attribute(svg, 'aria-label')).toBe(
      'Robust accuracy under apgd: rows that keep their true label, against eps (linf)',
    );
    const paths = all(parsed, 'path').map((path) => [attribute(path, 'class'), attribute(path, 'd')]);
    expect(paths).toContainEqual(['line-model', 'M58 12L94.8 35.4L131.6 58.8L205.2 105.6L352.4 199.2']);
    expect(paths.filter(([name]) => name === 'line-second')).toHaveLength(2);
    expect(all(parsed, 'text').map(textOf)).toEqual(expect.arrayContaining(['0', '0.05', '0.1', '0.15', '0.2', '1']));
    expect(all(parsed, 'tr')).toHaveLength(11);
    expect(parsed.text).toContain('Across: eps (linf). Up: rows that keep their true label.');
  });

  it.each([
    ['no points', { lines: [] }, 'it has no points'],
    [
      'a number that is not finite',
      { lines: [{ name: 'a', points: [{ x: 0, y: Number.NaN }] }] },
      'a number of it is not finite, or too large',
    ],
  ])('with %s is not drawn, and says why', (_, changes, why) => {
    const parsed = drawn({ ...CURVE, ...changes } as Figure);
    expect(all(parsed, 'svg')).toEqual([]);
    expect(parsed.text).toContain(`Robust accuracy under apgd cannot be drawn: ${why}.`);
  });

  it('of many points and lines is drawn within bounds', () => {
    const points = Array.from({ length: 100_000 }, (_, x) => ({ x, y: Math.sin(x / 5000) }));
    const markup = figuresBlock([
      { ...CURVE, lines: Array.from({ length: 9 }, (_, i) => ({ name: `${i}`, points })) } as Figure,
    ]);
    expect(markup.toString().length).toBeLessThan(200_000);
    expect(markup.toString()).toContain('5 more lines: the report in JSON has all.');
  });
});

describe('an axis', () => {
  it('has round numbers, and holds every value', () => {
    expect(scaleOf([0, 0.16], 0, 100).ticks).toEqual([0, 0.05, 0.1, 0.15, 0.2]);
    expect(scaleOf([7], 0, 100).ticks).toEqual([2, 4, 6, 8, 10, 12]);
    expect(scaleOf([0], 0, 100).place(0)).toBe(50);
    expect(numberText(0.1 + 0.2)).toBe('0.3');
  });

  it('has finite places for any finite numbers', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: -1e300, max: 1e300 }), { minLength: 1 }), (values) => {
        const { ticks, place } = scaleOf(values, 10, 200);
        expect(ticks.length).toBeGreaterThan(1);
        expect(ticks.length).toBeLessThan(15);
        for (const value of [...values, ...ticks]) {
          expect(place(value)).toBeGreaterThanOrEqual(10);
          expect(place(value)).toBeLessThanOrEqual(200);
        }
        expect([...values].sort((a, b) => a - b).map(place)).toEqual([...values].map(place).sort((a, b) => a - b));
      }),
    );
  });
});

describe('an image', () => {
  it('is drawn pixel by pixel, in runs of one colour', () => {
    const parsed = drawn({
      ...IMAGE,
      height: 2,
      width: 3,
      channels: 3,
      pixels: pixelsOf(2, 3, 3, (at) => (at < 6 ? 255 : at)),
    } as Figure);
    expect(parsed.errors).toEqual([]);
    const [svg] = all(parsed, 'svg');
    expect(svg && attribute(svg, 'viewBox')).toBe('0 0 3 2');
    expect(all(parsed, 'path').map((path) => [attribute(path, 'fill'), attribute(path, 'd')])).toEqual([
      ['#ffffff', 'M0 0h2v1h-2z'],
      ['#060708', 'M2 0h1v1h-1z'],
      ['#090a0b', 'M0 1h1v1h-1z'],
      ['#0c0d0e', 'M1 1h1v1h-1z'],
      ['#0f1011', 'M2 1h1v1h-1z'],
    ]);
    expect(parsed.text).toContain('3 × 2 pixels, red, green, blue.');
    expect(parsed.text).toMatch(/Values of the pixels, from 0 to 255.*red6255/s);
  });

  it('that is large is drawn by the means of its blocks', () => {
    const parsed = drawn(COLOURED);
    const [svg] = all(parsed, 'svg');
    expect(svg && attribute(svg, 'viewBox')).toBe('0 0 56 56');
    expect(parsed.text).toContain('drawn by the means of 4 × 4 pixels');
    expect(figuresBlock([COLOURED]).toString().length).toBeLessThan(200_000);
  });

  it.each([
    ['no height', { height: 0 }],
    ['half a pixel', { width: 7.5 }],
    ['a negative width', { width: -8 }],
    ['a side that is too long', { height: 1e9 }],
    ['four channels', { channels: 4 }],
    ['fewer bytes', { pixels: IMAGE.kind === 'image' ? IMAGE.pixels.slice(0, -8) : '' }],
    ['more bytes', { pixels: pixelsOf(9, 9, 1, () => 1) }],
    ['other channels than bytes', { channels: 3 }],
    ['text that is not base64', { pixels: '!'.repeat(88) }],
    ['base64 for addresses', { pixels: `${'_'.repeat(86)}==` }],
    ['a padding within', { pixels: `AA==${'A'.repeat(84)}` }],
    ['nothing', { pixels: '' }],
  ])('with %s is not drawn, and says so', (_, changes) => {
    const parsed = drawn({ ...IMAGE, ...changes } as Figure);
    expect(all(parsed, 'svg')).toEqual([]);
    expect(parsed.text).toMatch(/Recovered trigger for class 7 cannot be drawn: it/);
  });
});

describe('figures', () => {
  it.each(Object.entries(HOSTILE))('show hostile text as text: %s', (_, text) => {
    const titled = (figure: Figure): Figure => ({ ...figure, title: text });
    const curve = { ...CURVE, x: text, y: text, lines: [{ name: text, points: [{ x: 1, y: 2 }] }] } as Figure;
    const parsed = drawn(titled(curve), titled(IMAGE), titled({ ...IMAGE, pixels: text } as Figure));
    expect(parsed.errors).toEqual([]);
    const names = new Set(parsed.elements.map(({ tagName }) => tagName));
    for (const name of ['script', 'img', 'image', 'a', 'style', 'foreignObject', 'use'])
      expect(names).not.toContain(name);
    expect(
      parsed.elements
        .flatMap(({ attrs }) => attrs.map((one) => one.name))
        .filter((name) => /^on|style|href/.test(name)),
    ).toEqual([]);
  });

  it('are bounded in their number', () => {
    const parsed = drawn(...Array.from({ length: 500 }, () => IMAGE));
    expect(all(parsed, 'figure')).toHaveLength(12);
    expect(parsed.text).toContain('488 more figures: the report in JSON has all.');
  });
});
