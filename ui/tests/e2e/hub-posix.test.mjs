// A Hub starts servers with the uid and the gids that Gatehouse has of their people (docs/recipes/posix.md).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openBrowser } from './browser.mjs';
import { startHub } from './jupyterhub.mjs';
import { root, startStack } from './stack.mjs';

// Takes what KubeSpawner takes, and runs a process as that; of what root may it keeps to read files, as Python may be in root's folder.
const settings = `
from jupyterhub.spawner import SimpleLocalProcessSpawner
from traitlets import Any

class KubeSpawner(SimpleLocalProcessSpawner):
    uid = gid = fs_gid = Any()
    supplemental_gids = Any([])

    async def start(self):
        os.makedirs(self.home_dir, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(self.home_dir, self.uid, self.fs_gid)
            groups = ",".join(map(str, self.supplemental_gids))
            self.cmd = ["setpriv", f"--reuid={self.uid}", f"--regid={self.gid}", f"--groups={groups}", "--inh-caps=-all,+dac_override",
                        "--ambient-caps=-all,+dac_override", "--", "jupyterhub-singleuser"]
        self.log.info("numbers: %s %s %s %s", self.uid, self.gid, self.fs_gid, self.supplemental_gids)
        return await super().start()

c.JupyterHub.spawner_class = KubeSpawner
`;
let stack, browser, hub;
before(async () => {
  stack = await startStack('hub-posix', { hub: false });
  await stack.gatehouse(['user', 'set-posix-ranges', '100000-199999', '200000-299999']);
  browser = await openBrowser(stack.state);
  hub = await startHub(stack, { settings });
});
after(async () => {
  await hub?.stop();
  await browser?.close();
  await stack?.stop();
});

test('a server runs as its person, whose files are theirs', async () => {
  const { uid, gid } = JSON.parse(await stack.gatehouse(['user', 'show', 'alice']));
  const group = JSON.parse(await stack.gatehouse(['group', 'show', 'hub-admins']));
  assert.ok(uid >= 100000 && uid === gid && group.gid >= 200000);
  const page = await browser.newPage();
  await browser.watched('posix', page, async () => {
    await hub.signIn(page, 'alice', 'demo passphrase');
    const { kind } = await hub.user(page);
    assert.equal(kind, 'user');
    await hub.lab(page, 'alice');
    await page.evaluate(async () => {
      const xsrf = document.cookie.match(/(?:^|; )_xsrf=([^;]*)/)?.[1];
      const answer = await fetch('/user/alice/api/contents/mine.txt', { method: 'PUT', body: JSON.stringify(
        { type: 'file', format: 'text', content: 'x' }), headers: { 'X-XSRFToken': xsrf, 'Content-Type': 'application/json' } });
      if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    });
  });
  assert.match(hub.text(), new RegExp(`numbers: ${uid} ${gid} ${gid} \\[${group.gid}\\]`));
  const file = statSync(join(stack.state, 'hub/home/alice/mine.txt'));
  if (process.getuid() === 0) assert.deepEqual([file.uid, file.gid], [uid, gid]);
  await page.context().close();
});

test('somebody without a number gets no server, and reads why', async () => {
  await stack.gatehouse(['user', 'add', 'grace'], 'demo passphrase\n');
  await stack.sql("UPDATE users SET uid = NULL WHERE username = 'grace';");
  const page = await browser.newPage();
  await browser.watched('posix-none', page, async () => {
    await hub.signIn(page, 'grace', 'demo passphrase');
    await page.goto(`${hub.url}/hub/spawn`);
    await page.getByText('grace has no uid in Gatehouse (users.uid)').first().waitFor();
  });
  await page.context().close();
});

// The real spawners need a cluster, Docker or systemd: what they are told, and what is run on the machine, by their names.
test('DockerSpawner gets NB_UID and NB_GID; SystemdSpawner an account of the machine, unless it is another', () => {
  const source = readFileSync(join(root, 'deploy/jupyterhub/gatehouse_posix.py'), 'utf8');
  const folder = join(stack.state, 'accounts');
  mkdirSync(folder, { recursive: true });
  const out = execFileSync(join(root, '.cache/venv/bin/python'), ['-c', `${source}
import json, logging, pwd, subprocess
from types import SimpleNamespace
ran = []
subprocess.run = lambda words, check: ran.append(words)
class Base:
    def __init__(self, name):
        self.user, self.log, self.environment, self.extra_create_kwargs = SimpleNamespace(name=name), logging.getLogger(), {"A": "b"}, {}
class DockerSpawner(Base): pass
class SystemdSpawner(Base): pass
person = {"uid": 100007, "gid": 100007, "gids": [200001, 0], "home": "/srv/ada", "shell": "/bin/sh"}
docker = DockerSpawner("ada")
as_their_account(docker, {"oauth_user": person})
as_their_account(SystemdSpawner("ada-of-a-test"), {"oauth_user": person})
made = list(ran)
root = pwd.getpwuid(0).pw_name
refused = []
for numbers, name in ((person, root), ({}, "ada"), ({**person, "uid": None}, "ada")):
    try:
        as_their_account(SystemdSpawner(name), {"oauth_user": numbers})
    except RuntimeError as e:
        refused.append(e.jupyterhub_message)
print(json.dumps({"docker": [docker.environment, docker.extra_create_kwargs], "made": made, "refused": refused}))
`], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  assert.deepEqual(JSON.parse(out), {
    docker: [{ A: 'b', NB_USER: 'ada', NB_UID: '100007', NB_GID: '100007' }, { user: 'root' }],
    made: [['groupadd', '--gid', '100007', '--', 'ada-of-a-test'], ['groupadd', '--gid', '200001', '--', 'gatehouse200001'],
      ['useradd', '--uid', '100007', '--gid', '100007', '--groups', '200001,0', '--create-home', '--home-dir', '/srv/ada',
        '--shell', '/bin/sh', '--', 'ada-of-a-test']],
    refused: ['root is uid 0 on this machine and 100007 in Gatehouse: usermod --uid, or users.uid',
      'ada has no uid in Gatehouse (users.uid)', 'ada has no uid in Gatehouse (users.uid)'],
  });
});
