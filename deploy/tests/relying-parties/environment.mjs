// Where the tests find the real packages: Python's are in virtual environments below .cache, which `npm test` makes.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../../../ui/tests/e2e/stack.mjs';

export { root };
/** The Python of everything that a folder of deploy asks for. */
export const python = join(root, '.cache/venv-relying-parties/bin/python');
/** The Python of what is too old for the others. */
export const classicPython = join(root, '.cache/venv-classic-notebook/bin/python');

/** Tells `npm test` which packages a test ran with. */
export function withVersions(t, names, interpreter = python) {
  const script = 'import sys, importlib.metadata as m\nfor n in sys.argv[1:]: print(n, m.version(n))';
  const versions = execFileSync(interpreter, ['-c', script, ...names], { encoding: 'utf8' });
  for (const line of versions.trim().split('\n')) t.diagnostic(`with ${line}`);
}
