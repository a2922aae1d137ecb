import type { Component } from 'svelte';
import type { Answer, PageName } from './lib/contract.ts';
import type { Screen } from './lib/load.ts';

export interface PageProps<P extends PageName = PageName> extends Omit<Screen, 'answer'> {
  answer: Answer<P>;
  /** Asks the API again. */
  again: () => Promise<void>;
}

const files = import.meta.glob<Component<PageProps>>('./pages/*.svelte', { eager: true, import: 'default' });

/** DeviceDone.svelte is the page device_done. */
const nameOf = (file: string) =>
  file.slice('./pages/'.length, -'.svelte'.length).replace(/(?<!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase();

/** The page for each `page` value of the API's answer. */
export const routes = Object.fromEntries(Object.entries(files).map(([file, page]) => [nameOf(file), page])) as unknown as {
  [P in PageName]: Component<PageProps<P>>
};
