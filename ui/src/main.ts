import { mount } from 'svelte';
import './app.css';
import App from './App.svelte';
import { load } from './lib/load.ts';

// What was in the document until now says that it loads.
const screen = await load();
const target = document.getElementById('app')!;
target.textContent = '';
mount(App, { target, props: { screen, load } });
