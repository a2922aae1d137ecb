import { unconfigured, type Config } from '../../lib/config.ts';
import type { Language } from '../../messages/index.ts';
import { messages } from '../messages/index.ts';
import type { Person } from './sign-in.ts';

/** What all pages know: the place, the language, who is at it. */
class App {
  config = $state<Config>(unconfigured);
  language = $state<Language>('en');
  me = $state<Person>({ username: '' });
  /** The section that they begin with. */
  first = $derived(this.me.role === 'owner' ? 'mine' : 'people');
  t = $derived(messages[this.language]);
  /** What they may do, whatever it is about: that, the API says at each change. */
  #rights = $derived((this.me.may ?? []).map((one) => {
    const [method, path] = one.split(' ') as [string, string];
    return { method, path: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`) };
  }));

  /** Whether an operation is open to them, so that there is a button for it, or a part of a page. */
  may(method: string, path: string): boolean {
    const [plain] = path.split('?') as [string];
    return this.#rights.some((right) => right.method === method && right.path.test(plain));
  }
}
export const app = new App();
