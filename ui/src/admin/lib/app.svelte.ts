import { unconfigured, type Config } from '../../lib/config.ts';
import type { Language } from '../../messages/index.ts';
import { messages } from '../messages/index.ts';
import type { Person } from './sign-in.ts';

/** What all pages know: the place, the language, who is at it. */
class App {
  config = $state<Config>(unconfigured);
  language = $state<Language>('en');
  me = $state<Person>({ username: '' });
  /** Whether there is anything that they may change; what exactly, the API says at each change. */
  writes = $derived(this.me.role !== 'reader');
  t = $derived(messages[this.language]);
}
export const app = new App();
