/**
 * The configured colour is two: one to fill with, and one to write with. A fill may be any colour, since its label is black or
 * white, whichever is read better; the ink is the accent, darkened on light ground and lightened on dark ground until it can be
 * read (WCAG 2.2 SC 1.4.3). The pages of the API compute the same in api/web/accent.go: both are held to tests/unit/accents.json.
 */
type Colour = [red: number, green: number, blue: number];

const enough = 4.5; // WCAG 2.2 SC 1.4.3
const faint = 1.25; // below it a filled button has no edge to be seen
const tinted = 0.1; // how much of the ink there is in the ground that it stands on at most
const black: Colour = [0, 0, 0];
const white: Colour = [255, 255, 255];
const darkSurface: Colour = [0x1b, 0x1f, 0x22]; // of app.css

/** The colours of app.css that follow from the accent, by the names of its properties. */
export function coloursOf(accent: string): Record<string, string> {
  const fill = parse(accent);
  const [label, away] = contrast(fill, black) > contrast(fill, white) ? [black, white] : [white, black];
  const edge = (surface: Colour) => contrast(fill, surface) < faint ? 'var(--field-line)' : format(fill);
  return {
    '--fill': format(fill),
    '--label': format(label),
    '--hover': format(mix(fill, away, 0.12)),
    '--edge-light': edge(white),
    '--edge-dark': edge(darkSurface),
    '--ink-light': format(readable(white, fill, [black])),
    '--ink-dark': format(readable(darkSurface, fill, [brightest(fill), white])),
  };
}

/** The first colour on the way from one, by those that follow it, that can be read on the surface, tinted with it as well. */
function readable(surface: Colour, from: Colour, by: Colour[]): Colour {
  for (const next of by) {
    for (let step = 0; step < 20; step += 1) {
      const ink = mix(from, next, step / 20);
      if (contrast(ink, surface) >= enough && contrast(ink, mix(surface, ink, tinted)) >= enough) return ink;
    }
    from = next;
  }
  return from;
}

/** The colour of the same hue that is as bright as one can be; black has none. */
const brightest = (colour: Colour) => mix(black, colour, 255 / Math.max(1, ...colour));

const parse = (hex: string): Colour => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as Colour;
const format = (colour: Colour) => `#${colour.map((c) => c.toString(16).padStart(2, '0')).join('')}`;

/** A colour that is so much of the way from one to the other, in whole steps of 255. */
const mix = (from: Colour, to: Colour, share: number): Colour =>
  from.map((c, i) => Math.round(c + ((to[i] ?? 0) - c) * share)) as Colour;

/** WCAG 2.2, "contrast ratio": from 1 (the same) to 21 (black on white). */
export function contrast(a: Colour, b: Colour): number {
  const [darker = 0, lighter = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(colour: Colour): number {
  const [r = 0, g = 0, b = 0] = colour.map((c) => (c <= 10.31 ? c / 3294.6 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The contrast of two colours as #rrggbb, from 1 to 21 (WCAG 2.2, contrast ratio). */
export const contrastOf = (a: string, b: string): number => contrast(parse(a), parse(b));
