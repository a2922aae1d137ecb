import { en } from './en.ts';

/** English is the measure: the type holds every other language complete. */
export type Messages = typeof en;

/** English comes with the page and is what remains if another language cannot be loaded; to add one, add its line. */
const languages = {
  en: async () => en,
  de: async () => (await import('./de.ts')).de,
  fr: async () => (await import('./fr.ts')).fr,
};
export type Language = keyof typeof languages;

/** The first of the wanted languages, as BCP 47 tags, that there is; regions are not told apart. */
export function chooseLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split('-')[0]!;
    if (Object.hasOwn(languages, language)) return language as Language;
  }
  return 'en';
}

export async function loadMessages(language: Language): Promise<{ language: Language; t: Messages }> {
  try {
    return { language, t: await languages[language]() };
  } catch {
    return { language: 'en', t: en };
  }
}

/** Every language there is, for the tests. */
export const languageNames = Object.keys(languages) as Language[];
