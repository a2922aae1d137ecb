import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../../api/cmd/dev/install.mjs';

/**
 * What is built, from the checkout in root: of the commit with the tag v0.1.0 it is 0.1.0; of another it is what comes before that, later
 * commits later, as dpkg and rpm sort (0.1.0~20261130010200.g0123abcd). `epoch` is the time of everything that is packed, in seconds.
 */
export function versionOf(root) {
  const git = (...args) => spawnSync('git', ['-C', root, ...args], { encoding: 'utf8' });
  const commit = git('describe', '--always', '--dirty', '--abbrev=40', '--exclude=*');
  if (commit.status !== 0) throw new Problem(`A release is made of a checkout of Git's: ${commit.stderr.trim()}`);
  const { version: number } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const hash = commit.stdout.trim();
  const time = Number(git('log', '-1', '--format=%ct').stdout);
  const epoch = Number(process.env.SOURCE_DATE_EPOCH || time);
  const tag = git('describe', '--exact-match', '--tags', '--match', 'v*').stdout.trim();
  if (tag && !hash.endsWith('-dirty')) {
    if (tag !== `v${number}`) throw new Problem(`The tag is ${tag}, package.json has ${number}`);
    return { number, prerelease: '', text: number, commit: hash, epoch };
  }
  const second = new Date(time * 1000).toISOString().replace(/\..*|\D/g, '');
  const prerelease = `${second}.g${hash.slice(0, 8)}${hash.endsWith('-dirty') ? '.dirty' : ''}`;
  return { number, prerelease, text: `${number}~${prerelease}`, commit: hash, epoch };
}
