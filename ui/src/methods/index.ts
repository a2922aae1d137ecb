import type { Component } from 'svelte';
import type { Answer, Failure } from '../lib/contract.ts';
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

/** Whether what went wrong is about another way than the password. */
export const isAboutAnother = (error?: Failure) => /^(upstream|passkey)_/.test(error?.code ?? '');

/** A file of a method: its form, and whether there is one on the page; always, unless it says so. */
interface File { default: Component<MethodProps>; offered?: (answer: Answer<'login'>) => boolean }

const files = import.meta.glob<File>('./*.svelte', { eager: true });

/** Password.svelte is the method password. */
const nameOf = (file: string) => file.slice('./'.length, -'.svelte'.length).toLowerCase();

/** The order on the page, unless the password comes last: then it is the other way round. Others come after these. */
const order = ['password', 'passkey', 'upstreams'];

const methods = Object.entries(files).map(([file, { default: Form, offered }]) => ({ name: nameOf(file), Form, offered }))
  .sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));

/** Those of the page. The password comes last only where something is to come before it. */
export function methodsOf(answer: Answer<'login'>, passwordFirst: boolean) {
  const there = methods.filter(({ offered }) => offered?.(answer) ?? true);
  return passwordFirst || !there.some(({ name }) => name === 'upstreams') ? there : there.reverse();
}
