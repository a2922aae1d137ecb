import type { Language } from '../../messages/index.ts';
import { de } from './de.ts';
import { en, type Messages } from './en.ts';
import { fr } from './fr.ts';

export type { Messages };
export const messages: Record<Language, Messages> = { en, de, fr };
