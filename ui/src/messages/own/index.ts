import type { Language, Messages } from '../index.ts';
import { de } from './de.ts';
import { en, type OwnMessages } from './en.ts';
import { fr } from './fr.ts';

/** What these pages say in a language beside what all do. */
export const own: Record<Language, OwnMessages> = { en, de, fr };
export type AllMessages = Messages & OwnMessages;
