import { coloursOf } from './accent.ts';
import type { Config } from './config.ts';

/** The gate: a door, and its keyhole, on a square of 32. */
export const door = 'M8 26V15a8 8 0 0 1 16 0v11z';
export const keyhole = 'M16 13.25a2.25 2.25 0 0 1 1.1 4.2l.9 4.05h-4l.9-4.05a2.25 2.25 0 0 1 1.1-4.2';

/** Gives the document what the configuration says of the place, through the CSSOM, which the Content-Security-Policy allows. */
export function applyLook(config: Config): void {
  const { style } = document.documentElement;
  if (config.logo_height) style.setProperty('--logo-height', `${config.logo_height}px`);
  const colours = config.accent ? coloursOf(config.accent) : { '--fill': '#1a6b52', '--label': '#ffffff' };
  if (config.accent) for (const [name, value] of Object.entries(colours)) style.setProperty(name, value);
  setHead('meta[name=theme-color]', 'content', colours['--fill']!);
  if (config.logo) setHead('link[rel=apple-touch-icon]', 'href', ''); // the gate is not theirs
  if (config.accent || config.logo) setIcon(iconOf(config, colours['--fill']!, colours['--label']!));
}

/** The picture of the tab. */
export const setIcon = (address: string) => setHead('link[rel=icon]', 'href', address);

/** The same, and what a phone has on its home screen. */
export function setIcons(address: string): void {
  setIcon(address);
  setHead('link[rel=apple-touch-icon]', 'href', address);
}

const setHead = (selector: string, attribute: string, value: string) => document.querySelector(selector)?.setAttribute(attribute, value);

/** The gate in the accent or, beside a logo, the first letter of the name. */
function iconOf({ logo, name }: Config, fill: string, label: string): string {
  const letter = [...name.toUpperCase()][0]!.replace(/[<&]/, '');
  const inside = logo
    ? `<text x="16" y="23" text-anchor="middle" font-family="sans-serif" font-size="20" font-weight="700" fill="${label}">${letter}</text>`
    : `<path fill="${label}" d="${door}"/><path fill="${fill}" d="${keyhole}"/>`;
  const square = `<rect width="32" height="32" rx="8" fill="${fill}"/>`;
  return `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${square}${inside}</svg>`)}`;
}
