// The list of people, before an API that answers what a test tells it.
import { mount, tick, unmount } from 'svelte';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import People from '../../src/admin/pages/People.svelte';
import { app } from '../../src/admin/lib/app.svelte.ts';
import { at, followLinks, here } from '../../src/admin/lib/places.svelte.ts';
import * as signIn from '../../src/admin/lib/sign-in.ts';
import { all, find } from './browser.ts';

const user = (username: string, more = {}) =>
  ({ username, sub: username, groups: [], email_verified: false, must_change_password: false, has_password: true, ...more });
let asked: URL[] = [];
let answer: (url: URL) => Promise<object> | object;
let close = () => {};

beforeEach(() => {
  asked = [];
  history.replaceState(null, '', '/admin/people');
  here.read();
  app.language = 'en';
  vi.spyOn(signIn, 'accessToken').mockResolvedValue('token');
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    asked.push(new URL(url, 'https://api.example.org'));
    const body = await answer(asked.at(-1)!);
    init.signal?.throwIfAborted();
    return new Response(JSON.stringify(body), { status: 'code' in body ? 503 : 200 });
  });
});
afterEach(() => {
  close();
  close = () => {};
});

async function open() {
  document.body.innerHTML = '';
  const page = mount(People, { target: document.body });
  close = () => void unmount(page);
  await vi.waitUntil(() => asked.length > 0 && !document.querySelector('.loading'), { interval: 5 });
  await vi.waitUntil(() => document.querySelector('[data-row], .empty, [role=alert]'), { interval: 5 });
}
const names = () => all('[data-row] strong').map((row) => row.textContent);
const press = (element: Element, key: string) =>
  element.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));

test('more comes by the key of the last row, and stands below', async () => {
  answer = (url) => (url.searchParams.get('after') ? { items: [user('carol')] } : { items: [user('alice'), user('bob')], next: 'bob' });
  await open();
  expect(names()).toEqual(['alice', 'bob']);
  expect(find('[role=status]').textContent).toBe('2 shown, there are more');
  find('button').click();
  await vi.waitUntil(() => names().length === 3);
  expect(asked.at(-1)!.searchParams.get('after')).toBe('bob');
  await tick();
  expect(document.querySelector('button')).toBe(null);
});

test('an answer that comes after that of a later search counts no more', async () => {
  answer = () => ({ items: [user('alice')] });
  await open();
  const waiting = new Map<string, () => void>();
  answer = (url) => new Promise((resolve) => {
    const q = url.searchParams.get('q')!;
    waiting.set(q, () => resolve({ items: [user(q)] }));
  });
  const input = find<HTMLInputElement>('input');
  for (const q of ['ad', 'ada']) {
    input.value = q;
    input.dispatchEvent(new Event('input', { bubbles: true }));
    await vi.waitUntil(() => waiting.has(q), { interval: 5 });
  }
  waiting.get('ada')!();
  waiting.get('ad')!();
  await vi.waitUntil(() => names()[0] === 'ada');
  await new Promise((resolve) => { setTimeout(resolve, 20); });
  expect(names()).toEqual(['ada']);
  expect(location.search).toBe('?q=ada');
});

test('the keyboard walks through it: / searches, arrows go from row to row, Enter opens the first', async () => {
  answer = () => ({ items: [user('alice'), user('bob')] });
  await open();
  press(document.body, '/');
  const input = find('input');
  expect(document.activeElement).toBe(input);
  const seen: (string | null | undefined)[] = [];
  for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'Home', 'End', 'ArrowUp', 'ArrowUp']) {
    press(document.activeElement!, key);
    seen.push(document.activeElement?.querySelector('strong')?.textContent ?? document.activeElement?.tagName);
  }
  expect(seen).toEqual(['alice', 'bob', 'bob', 'alice', 'bob', 'alice', 'INPUT']);
  document.addEventListener('click', followLinks, { once: true });
  press(input, 'Enter');
  expect(location.pathname).toBe('/admin/people/alice');
});

test('what is stored is text, whatever it looks like', async () => {
  answer = () => ({ items: [user('x', { name: '<img src=x onerror=alert(1)>', groups: ['<script>alert(1)</script>'] })] });
  await open();
  expect(document.querySelector('main img, li img, script')).toBe(null);
  expect(find('.name').textContent).toBe('<img src=x onerror=alert(1)>');
});

test('a failure is said, and what was found before stays', async () => {
  answer = () => ({ code: 'temporarily_unavailable', status: 503 });
  await open();
  expect(find('[role=alert]').textContent).toContain('The server has no time for this');
});

test('an address has any name in it', () => {
  expect(at('services', 'https://api.example.org/x?y')).toBe('/admin/services/https%3A%2F%2Fapi.example.org%2Fx%3Fy');
  history.replaceState(null, '', at('services', 'https://api.example.org/x?y'));
  here.read();
  expect(here.parts).toEqual(['services', 'https://api.example.org/x?y']);
  history.replaceState(null, '', '/admin/people/100%');
  here.read();
  expect(here.parts).toEqual(['people', '100%']);
});
