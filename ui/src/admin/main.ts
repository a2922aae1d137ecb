import { mount } from 'svelte';
import '../app.css';
import './admin.css';
import { unconfigured, fetchConfig } from '../lib/config.ts';
import { chosenLanguage } from '../lib/language.ts';
import { applyLook } from '../lib/look.ts';
import { chooseLanguage } from '../messages/index.ts';
import App from './App.svelte';
import { app } from './lib/app.svelte.ts';
import { here } from './lib/places.svelte.ts';

const config = fetchConfig().catch(() => unconfigured);
app.language = chooseLanguage([...chosenLanguage(), ...navigator.languages]);
here.read();
void config.then((found) => {
  app.config = found;
  applyLook(found);
  mount(App, { target: document.getElementById('admin')! });
});
