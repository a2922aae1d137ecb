import type { Client } from './contract.ts';

/** The address if it is one to follow, so that no javascript: or data: address ever becomes a link. */
export function webAddress(address: string | undefined): URL | undefined {
  const url = address ? parse(address) : undefined;
  return url && /^https?:$/.test(url.protocol) ? url : undefined;
}

/** The address of an image that the pages' policy lets in: on https, or of this origin, which is http on a machine of one's own. */
export function imageAddress(address: string | undefined): URL | undefined {
  const url = webAddress(address);
  return url && (url.protocol === 'https:' || url.origin === location.origin) ? url : undefined;
}

/** Where people get help: a mail says what it is about. */
export function helpAbout(support: string | undefined, subject: string | undefined): string | undefined {
  return subject && support?.startsWith('mailto:') ? `${support}?subject=${encodeURIComponent(subject)}` : support;
}

function parse(address: string): URL | undefined {
  try {
    return new URL(address);
  } catch {
    return undefined;
  }
}

/** Where a person came from: the address the API gives for going back, or else the client's own page. */
export function wayBack(answer: { client?: Client; return_to?: string }): URL | undefined {
  return webAddress(answer.return_to) ?? webAddress(answer.client?.uri);
}

/** What the place is called that a person goes back to. A name that nobody has checked is none. */
export const backTo = (client: Client) => (client.unchecked ? webAddress(client.uri)?.host : client.name);

/** Where the step that failed can be made again: at the API or here, nowhere else. */
export function sameStep(answer: { try_again?: string }, api: string): URL | undefined {
  const url = webAddress(answer.try_again);
  return url && [parse(api)?.origin, location.origin].includes(url.origin) ? url : undefined;
}
