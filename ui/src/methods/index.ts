import type { Component } from 'svelte';
import type { Answer } from '../lib/contract.ts';
import type { Language, Messages } from '../messages/index.ts';

/** What the login page hands each way to sign in. It posts to `action` with its name as `method`; without one it is the password. */
export interface MethodProps {
  answer: Answer<'login'>;
  t: Messages;
  language: Language;
  /** Whether its first field or button takes the focus. */
  focus: boolean;
  /** The id of what was said before, to be read with the first field. */
  describedby?: string;
}

/** A file of a method: its form, and whether there is one on the page; always, unless it says so. */
interface File { default: Component<MethodProps>; offered?: (answer: Answer<'login'>) => boolean }

const files = import.meta.glob<File>('./*.svelte', { eager: true });

/** Password.svelte is the method password. */
const nameOf = (file: string) => file.slice('./'.length, -'.svelte'.length).toLowerCase();

/** Those there are, in the order of their file names. */
const methods = Object.entries(files).map(([file, { default: Form, offered }]) => ({ name: nameOf(file), Form, offered }));

/** Those of the page, of which one may be put behind all others. */
export const methodsOf = (answer: Answer<'login'>, last?: string) => methods
  .filter(({ offered }) => offered?.(answer) ?? true)
  .sort((a, b) => Number(a.name === last) - Number(b.name === last));
