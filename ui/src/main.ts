import { mount } from 'svelte';
import './app.css';
import App from './App.svelte';
import { load } from './lib/load.ts';

mount(App, { target: document.getElementById('app')!, props: { load } });
