import type { Language } from '../messages/index.ts';

/**
 * The language that the person chose below a page is kept in the browser, for the pages that follow: no cookie, nothing is sent. Where
 * the browser keeps nothing, the choice holds for the page that it was made on.
 */
const name = 'language';

export function chosenLanguage(): string[] {
  try {
    return [localStorage.getItem(name) ?? ''];
  } catch {
    return [];
  }
}

export function keepLanguage(language: Language): void {
  try {
    localStorage.setItem(name, language);
  } catch { /* the browser is told to keep nothing */ }
}
