/**
 * One configured colour, made readable in both schemes: on the light surface it is darkened, on the dark one lightened,
 * until text in it has the contrast WCAG 2.2 SC 1.4.3 asks for. The page sets it through the CSSOM, which the
 * Content-Security-Policy allows; the surfaces are those of app.css.
 */
type Colour = [red: number, green: number, blue: number];

const enough = 4.8; // 4.5 is asked for; a little more outlasts a tinted background
const black: Colour = [0, 0, 0];
const white: Colour = [255, 255, 255];
const darkSurface: Colour = [0x1b, 0x1f, 0x22];

export function applyAccent(accent: string | undefined, style = document.documentElement.style): void {
  if (!accent) return;
  style.setProperty('--accent-light', readable(accent, white, black));
  style.setProperty('--accent-dark', readable(accent, darkSurface, white));
}

function readable(accent: string, surface: Colour, towards: Colour): string {
  const start = parse(accent);
  let colour = start;
  for (let share = 0; contrast(colour, surface) < enough && share < 1; share += 0.05) colour = mix(start, towards, share);
  return `#${colour.map((c) => Math.round(c).toString(16).padStart(2, '0')).join('')}`;
}

const parse = (hex: string): Colour => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as Colour;

const mix = (from: Colour, to: Colour, share: number): Colour =>
  from.map((c, i) => c + ((to[i] ?? 0) - c) * share) as Colour;

/** WCAG 2.2, "contrast ratio": from 1 (the same) to 21 (black on white). */
export function contrast(a: Colour, b: Colour): number {
  const [darker = 0, lighter = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colour: Colour): number {
  const [r = 0, g = 0, b = 0] = colour.map((c) => (c <= 10.31 ? c / 3294.6 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
