import { chooseLanguage, messages, type Language, type Messages } from '../messages/index.ts';
import { fetchConfig, unconfigured, type Config } from './config.ts';
import { isPath, notFound, readAnswer, unreachable, type Answer } from './contract.ts';
import { chosenLanguage } from './language.ts';
import { fetchPage } from '../routes.ts';

/** All that is on the screen follows from this. */
export interface Screen { config: Config; answer: Answer; language: Language; t: Messages }

/** Asks for the configuration, then the API for what to show. Never rejects: what fails is a page too. */
export async function load(): Promise<Screen> {
  const request = new URLSearchParams(location.search).get('request');
  let config = unconfigured;
  let answer: Answer = { page: 'start' };
  try {
    config = await fetchConfig();
    answer = !isPath(location.pathname) ? notFound : request ? await ask(config.api, request) : unasked(config.api);
    if (answer.page === 'start' && /^\/projector\/?$/.test(location.pathname)) answer = await ask(config.api, location.hash.slice(1));
    await fetchPage(answer.page);
  } catch {
    answer = unreachable();
  }
  const language = chooseLanguage([...chosenLanguage(), ...(answer.ui_locales ?? []), ...navigator.languages]);
  return { config, answer, language, t: messages[language] };
}

/**
 * What is shown to a person who was not sent here: the form for a code at the address that devices show (RFC 8628 §3.3), or what the
 * address is good for that somebody gave them. Its token is in the fragment, which no server sees.
 */
function unasked(api: string): Answer {
  if (/^\/link\/?$/.test(location.pathname)) return { page: 'link', action: `${api}/link`, token: location.hash.slice(1) };
  if (/^\/join\/?$/.test(location.pathname)) {
    const code = location.hash.slice(1);
    return { page: 'join', action: `${api}/join`, code, typed: code !== '' };
  }
  if (!/^\/device\/?$/.test(location.pathname)) return { page: 'start' };
  return { page: 'device', action: `${api}/device`, user_code: new URLSearchParams(location.search).get('user_code') ?? undefined };
}

async function ask(api: string, request: string): Promise<Answer> {
  // The server of the pages has the browser ask beforehand (Link: rel=preload); the answer counts only for a request without options
  // of its own.
  const response = await fetch(`${api}/interaction?request=${encodeURIComponent(request)}`, { signal: AbortSignal.timeout(15_000) });
  const answer = readAnswer(await response.json(), api);
  const mayPass = response.status === 429 || response.status === 503;
  return answer.page === 'error' && mayPass ? { ...answer, retry: true } : answer;
}
