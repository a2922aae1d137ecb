// The app in a document of its own, before a network that answers what a test tells it.
import { mount, tick, unmount } from 'svelte';
import { vi } from 'vitest';
import App from '../../src/App.svelte';
import { load } from '../../src/lib/load.ts';

export const api = 'https://api.example.org';
type Reply = { status?: number; body: unknown } | 'unreachable';

export interface Network { config?: Reply; interaction?: Reply; asked: string[] }

let close = () => {};

/** Opens the UI at the address and waits until it shows a page. */
export async function open(address: string, network: Omit<Network, 'asked'>, languages = ['en-GB']): Promise<Network> {
  close();
  document.body.innerHTML = '';
  document.title = '';
  document.documentElement.lang = '';
  history.replaceState(null, '', address);
  vi.spyOn(navigator, 'languages', 'get').mockReturnValue(languages);
  const net: Network = { ...network, asked: [] };
  vi.stubGlobal('fetch', async (url: string) => {
    net.asked.push(url);
    const reply = url === '/config.json' ? net.config ?? { body: { api, name: 'Campus' } } : net.interaction;
    if (!reply || reply === 'unreachable') throw new TypeError('Failed to fetch');
    const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
    return new Response(text, { status: reply.status ?? 200 });
  });
  const app = mount(App, { target: document.body, props: { screen: await load(), load } });
  close = () => void unmount(app);
  await vi.waitUntil(() => document.querySelector('h1'), { interval: 5 });
  await tick();
  await new Promise((focused) => { setTimeout(focused); }); // takeFocus waits for the task after this one
  return net;
}

/** Opens the page of one answer of the API. */
export const show = (body: object, { status = 200, languages = ['en-GB'] } = {}) =>
  open('/login?request=sealed', { interaction: { status, body } }, languages);

export const find = <E extends HTMLElement = HTMLElement>(selector: string): E => {
  const element = document.querySelector<E>(selector);
  if (!element) throw new Error(`no ${selector} in ${document.body.innerHTML}`);
  return element;
};
export const all = (selector: string) => [...document.querySelectorAll<HTMLElement>(selector)];
export const text = (selector = 'main') => find(selector).textContent.replace(/\s+/g, ' ').trim();

/** What the form would send with this button: names and values, in order. */
export const fields = (button: string) => {
  const pressed = find<HTMLButtonElement>(button);
  return [...new FormData(pressed.form!, pressed)].map(([name, value]) => `${name}=${value}`);
};
