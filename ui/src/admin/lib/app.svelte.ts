import { unconfigured, type Config } from '../../lib/config.ts';
import type { Language } from '../../messages/index.ts';
import { messages } from '../messages/index.ts';
import type { Person } from './sign-in.ts';

/** What all pages know: the place, the language, who is at it. */
class App {
  config = $state<Config>(unconfigured);
  language = $state<Language>('en');
  me = $state<Person>({ username: '' });
  t = $derived(messages[this.language]);
}
export const app = new App();
