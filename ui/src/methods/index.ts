import type { Component } from 'svelte';
import type { Answer } from '../lib/contract.ts';
import type { Language, Messages } from '../messages/index.ts';

/** What the login page hands each way to sign in. It posts to `action` with its name as `method`; without one it is the password. */
export interface MethodProps {
  answer: Answer<'login'>;
  t: Messages;
  language: Language;
  /** The id of what was said before, to be read with the first field. */
  describedby?: string;
}

const files = import.meta.glob<Component<MethodProps>>('./*.svelte', { eager: true, import: 'default' });

/** Those there are, in the order of their file names. */
export const methods = Object.values(files);
