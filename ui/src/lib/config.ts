/** The UI's configuration, read at run time, so that one build serves any hostname. */
export interface Config {
  /** The API's origin, without a slash at the end. */
  api: string;
  /** What the pages call this place. */
  name: string;
  /** A path on this origin or an https address; the built-in mark if absent. */
  logo?: string;
  /** A colour as #rrggbb. */
  accent?: string;
}

/** What a page can say of itself before, or without, its configuration. */
export const unconfigured: Config = { api: '', name: 'Gatehouse' };

export async function fetchConfig(): Promise<Config> {
  const answer = await fetch('/config.json', { signal: AbortSignal.timeout(10_000) });
  const { api, name, logo, accent } = await answer.json() as Partial<Config>;
  if (!answer.ok || !api || !/^https?:\/\//.test(api)) throw new Error('config.json names no API');
  return {
    api: api.replace(/\/+$/, ''),
    name: name || unconfigured.name,
    logo: logo && /^(https:\/\/|\/(?!\/))/.test(logo) ? logo : undefined,
    accent: accent && /^#[0-9a-f]{6}$/i.test(accent) ? accent : undefined,
  };
}
