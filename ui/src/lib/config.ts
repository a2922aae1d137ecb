/** The UI's configuration, read at run time, so that one build serves any hostname. */
export interface Config {
  /** The API's origin, without a slash at the end. */
  api: string;
  /** What the pages call this place. */
  name: string;
  /** A path on this origin or an https address; the built-in mark if absent. */
  logo?: string;
  /** The same for dark screens. */
  logo_dark?: string;
  /** In CSS pixels. */
  logo_height?: number;
  /** A colour as #rrggbb. */
  accent?: string;
  /** Below each page. */
  links: Link[];
  /** Where people get help: a web page, or a mailto: address. */
  support?: string;
  /** Where the password stands on the sign-in page: `folded` is last, behind a button. */
  password_form: 'first' | 'last' | 'folded';
}
export interface Link { text: string; href: string }

/** What a page can say of itself before, or without, its configuration. */
export const unconfigured: Config = { api: '', name: 'Gatehouse', links: [], password_form: 'first' };

const isImage = (address?: string) => /^(https:\/\/|\/(?!\/))/.test(address ?? '');
const isLink = (address?: string) => isImage(address) || /^mailto:/.test(address ?? '');

export async function fetchConfig(): Promise<Config> {
  const answer = await fetch('/config.json', { signal: AbortSignal.timeout(10_000) });
  const { api, name, logo, logo_dark, logo_height, accent, links, support, password_form } = await answer.json() as Partial<Config>;
  if (!answer.ok || !api || !/^https?:\/\//.test(api)) throw new Error('config.json names no API');
  return {
    api: api.replace(/\/+$/, ''),
    name: name || unconfigured.name,
    logo: isImage(logo) ? logo : undefined,
    logo_dark: isImage(logo_dark) ? logo_dark : undefined,
    logo_height: Number(logo_height) || undefined,
    accent: accent && /^#[0-9a-f]{6}$/i.test(accent) ? accent : undefined,
    links: (Array.isArray(links) ? links : []).filter(({ text, href }) => text && isLink(href)),
    support: isLink(support) ? support : undefined,
    password_form: password_form === 'last' || password_form === 'folded' ? password_form : 'first',
  };
}
