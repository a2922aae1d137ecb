import { de } from './de.ts';
import { en, type Messages } from './en.ts';
import { fr } from './fr.ts';

export type { Messages };

/** All come with the page: one that came later would cost a round trip, which is more than they weigh. To add one, add its line. */
export const messages = { en, de, fr } satisfies Record<string, Messages>;
export type Language = keyof typeof messages;

/** The first of the wanted languages, as BCP 47 tags, that there is; regions are not told apart. */
export function chooseLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split('-')[0]!;
    if (Object.hasOwn(messages, language)) return language as Language;
  }
  return 'en';
}

/** Every language there is, for the tests. */
export const languageNames = Object.keys(messages) as Language[];
