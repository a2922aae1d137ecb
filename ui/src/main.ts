import { mount } from 'svelte';
import './app.css';
import App from './App.svelte';
import { load } from './lib/load.ts';

// Not awaited here: a page that comes in a file of its own waits for this one, which would wait for it.
void load().then((screen) => {
  const target = document.getElementById('app')!;
  target.textContent = ''; // what was in the document until now says that it loads
  mount(App, { target, props: { screen, load } });
});
