import { expect, test } from 'vitest';
import { coloursOf, contrast } from '../../src/lib/accent.ts';
import { inWords } from '../../src/lib/duration.ts';
import known from './accents.json';

test('contrast is that of WCAG 2.2', () => {
  expect(contrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21);
  expect(contrast([0x76, 0x76, 0x76], [255, 255, 255])).toBeCloseTo(4.54, 2);
});

type Rgb = [number, number, number];
const parts = (hex = '') => hex.match(/[0-9a-f]{2}/g)!.map((two) => parseInt(two, 16)) as Rgb;
const white: Rgb = [255, 255, 255];
const dark: Rgb = [0x1b, 0x1f, 0x22];
const tint = (ink: Rgb, surface: Rgb) => ink.map((c, i) => Math.round(surface[i]! + (c - surface[i]!) * 0.1)) as Rgb;

test('every accent has a label that can be read, an ink for both schemes, and a button with an edge', () => {
  for (let i = 0; i < 4096; i += 1) {
    const accent = `#${[...i.toString(16).padStart(3, '0')].map((c) => c + c).join('')}`;
    const c = coloursOf(accent);
    expect(c['--fill']).toBe(accent);
    for (const name of ['--fill', '--hover']) expect(contrast(parts(c['--label']), parts(c[name])), accent).toBeGreaterThanOrEqual(4.5);
    for (const [scheme, surface] of [['light', white], ['dark', dark]] as const) {
      const ink = parts(c[`--ink-${scheme}`]);
      expect(contrast(ink, surface), `${accent} ${scheme}`).toBeGreaterThanOrEqual(4.5);
      expect(contrast(ink, tint(ink, surface)), `${accent} ${scheme}, tinted`).toBeGreaterThanOrEqual(4.5);
      if (c[`--edge-${scheme}`] === accent) expect(contrast(parts(accent), surface), `${accent} ${scheme}`).toBeGreaterThanOrEqual(1.25);
      else expect(c[`--edge-${scheme}`]).toBe('var(--field-line)');
    }
  }
});

// So are the pages of the API: api/web/accent_test.go.
test('the known accents have the colours of accents.json', () => {
  const line = { light: '#87918c', dark: '#737e79' };
  for (const [accent, want] of Object.entries(known)) {
    const c = coloursOf(accent);
    const scheme = (name: 'light' | 'dark') =>
      ({ edge: c[`--edge-${name}`]!.replace('var(--field-line)', line[name]), ink: c[`--ink-${name}`] });
    expect({ label: c['--label'], hover: c['--hover'], light: scheme('light'), dark: scheme('dark') }, accent).toEqual(want);
  }
});

test('a wait is rounded up, in the largest unit that fits', () => {
  expect([0.2, 1, 59, 60, 61, 3599, 3600, 3601].map((seconds) => inWords(seconds, 'en'))).toEqual(
    ['1 second', '1 second', '59 seconds', '1 minute', '2 minutes', '60 minutes', '1 hour', '2 hours'],
  );
  expect([undefined, 0, -1].map((seconds) => inWords(seconds, 'en'))).toEqual(['', '', '']);
});
