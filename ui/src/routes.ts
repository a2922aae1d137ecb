import type { Component } from 'svelte';
import type { Answer, PageName } from './lib/contract.ts';
import type { Screen } from './lib/load.ts';

export interface PageProps<P extends PageName = PageName> extends Omit<Screen, 'answer'> {
  answer: Answer<P>;
  /** Asks the API again. */
  again: () => Promise<void>;
}

const files = import.meta.glob<Component<PageProps>>('./pages/*.svelte', { eager: true, import: 'default' });
/** Those that people open for their own account come when they are shown: whoever signs in does without. */
const own = import.meta.glob<Component<PageProps>>('./pages/own/*.svelte', { import: 'default' });

/** DeviceDone.svelte is the page device_done. */
const nameOf = (file: string) =>
  file.slice(file.lastIndexOf('/') + 1, -'.svelte'.length).replace(/(?<!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase();

/** The page for each `page` value of the API's answer, once it was fetched. */
export const routes = Object.fromEntries(Object.entries(files).map(([file, page]) => [nameOf(file), page])) as unknown as {
  [P in PageName]: Component<PageProps<P>>
};

/** Fetches what a page is made of; rejects if that cannot be had. */
export async function fetchPage(name: PageName): Promise<void> {
  const file = Object.keys(own).find((path) => nameOf(path) === name);
  if (file) Object.assign(routes, { [name]: await own[file]!() });
}
