// deploy/jupyterhub/host.py: whose accounts of the machine the Hub hands out.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { python, root } from './environment.mjs';

// The group of root stands for that of the Hub's accounts, so that the test makes none.
const script = `
import logging, sys
from oauthenticator.generic import LocalGenericOAuthenticator
from traitlets.config import Config
c = Config()
exec(open(sys.argv[1]).read().replace('"jupyterhub-users"', '"root"'))
authenticator = LocalGenericOAuthenticator(config=c, log=logging.getLogger())
for name in sys.argv[2:]:
    try:
        print(name, authenticator.post_auth_hook(authenticator, None, {"name": name})["name"] == name)
    except HTTPError as e:
        print(name, e.status_code)
print(authenticator.create_system_users, authenticator.add_user_cmd[-2:])
`;

test('the Hub hands out accounts that it made, and no others', () => {
  const args = ['-c', script, join(root, 'deploy/jupyterhub/host.py'), 'root', 'daemon', 'www-data', 'ada-who-is-new'];
  const printed = execFileSync(python, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  assert.deepEqual(printed.trim().split('\n'),
    ['root True', 'daemon 403', 'www-data 403', 'ada-who-is-new True', "True ['--groups', 'root']"]);
});
