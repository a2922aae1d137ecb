import type { Language } from '../index.ts';
import { de } from './de.ts';
import { en, type PasskeyMessages } from './en.ts';
import { fr } from './fr.ts';

export const problems: Record<Language, PasskeyMessages> = { en, de, fr };
