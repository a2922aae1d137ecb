import { expect, test } from 'vitest';
import { applyAccent, contrast } from '../../src/lib/accent.ts';
import { inWords } from '../../src/lib/duration.ts';

test('contrast is that of WCAG 2.2', () => {
  expect(contrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21);
  expect(contrast([0x76, 0x76, 0x76], [255, 255, 255])).toBeCloseTo(4.54, 2);
});

test.each(['#000000', '#ffffff', '#ffe100', '#001a66', '#808080', '#ff0000', '#0B57D0'])('%s is readable in both schemes', (accent) => {
  const { style } = document.createElement('div');
  applyAccent(accent, style);
  const parts = (name: string) => style.getPropertyValue(name).match(/[0-9a-f]{2}/g)!.map((hex) => parseInt(hex, 16));
  expect(contrast(parts('--accent-light') as [number, number, number], [255, 255, 255])).toBeGreaterThan(4.5);
  expect(contrast(parts('--accent-dark') as [number, number, number], [0x1b, 0x1f, 0x22])).toBeGreaterThan(4.5);
});

test('a wait is rounded up, in the largest unit that fits', () => {
  expect([0.2, 1, 59, 60, 61, 3599, 3600, 3601].map((seconds) => inWords(seconds, 'en'))).toEqual(
    ['1 second', '1 second', '59 seconds', '1 minute', '2 minutes', '60 minutes', '1 hour', '2 hours'],
  );
  expect([undefined, 0, -1].map((seconds) => inWords(seconds, 'en'))).toEqual(['', '', '']);
});
