// Follows a page of docs/recipes as a reader would: its blocks are run as they stand, but for the names of the hosts.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../../../ui/tests/e2e/stack.mjs';

/** The page and its blocks; `places` says what stands for what, such as {'https://api.example.org': stack.issuer}. */
export function recipe(name, places) {
  const text = readFileSync(join(root, 'docs/recipes', `${name}.md`), 'utf8');
  const here = (words) => Object.entries(places).reduce((all, [there, place]) => all.replaceAll(there, place), words);
  const blocks = [...text.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map(([, language, body]) => ({ language, body: here(body) }));
  return {
    /** What the page says, to find the errors that it quotes. */
    text,
    here,
    /** The n-th block of a language, from 0. */
    block(language, n = 0) {
      const found = blocks.filter((block) => block.language === language)[n];
      if (!found) throw new Error(`docs/recipes/${name}.md has no block ${n} of ${language}`);
      return found.body;
    },
  };
}

/** Runs a block in bash in the checkout, with `gatehouse` on the PATH; gives what it printed. */
export async function run(block, stack, { path = [], env = {}, cwd = root } = {}) {
  const PATH = [join(root, '.cache/bin'), ...path, process.env.PATH].join(':');
  return (await promisify(execFile)('bash', ['-euc', block], { cwd, env: { ...stack.settings, ...env, PATH }, maxBuffer: 1 << 24 })).stdout;
}

/** The secret that `gatehouse client add` printed. */
export const secretIn = (printed) => printed.match(/^client_secret (\S+)$/m)[1];
