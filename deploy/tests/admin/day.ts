// A day of an administrator, by a client that is generated from openapi.json: tsc holds each call to the document.
import createClient from 'openapi-fetch';
import type { paths } from './schema.d.ts';

/** What a call answered; it throws a problem. */
async function done<T>(call: Promise<{ data?: T; error?: { detail?: string; title: string }; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (error) throw new Error(`${response.status} ${error.detail ?? error.title}`);
  return data as T;
}

export async function day(baseUrl: string, token: string) {
  const api = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
  const happened: string[] = [];

  await done(api.POST('/groups', { body: { name: 'physics101', description: 'Physics 101' } }));
  await done(api.POST('/users', { body: { username: 'ada', name: 'Ada', groups: ['physics101'] } }));
  const link = await done(api.POST('/users/{username}/links', { params: { path: { username: 'ada' } }, body: { hours: 48 } }));
  happened.push(new URL((link as { link: string }).link).pathname);

  const declared = { params: { path: { name: 'staff' } }, body: { description: 'Nearly everybody' } };
  const refused = await api.PATCH('/groups/{name}', declared);
  happened.push(`${refused.response.status} ${(refused.error as { detail?: string }).detail}`);
  await done(api.PATCH('/groups/{name}', { ...declared, params: { ...declared.params, query: { declared_anyway: true } } }));

  const people = await done(api.GET('/users', { params: { query: { q: 'ada' } } }));
  happened.push(people.items.map((user) => `${user.username} in ${user.groups.join()}`).join());

  const added = await done(api.POST('/clients', {
    body: { client_id: 'hub', client_name: 'Hub', redirect_uris: ['https://hub.example.org/oauth_callback'] },
  }));
  const rotated = await done(api.POST('/clients/{client_id}/rotate-secret', { params: { path: { client_id: 'hub' } }, body: {} }));
  const secret = (of: typeof added | typeof rotated) => (of as { client_secret?: string }).client_secret;
  happened.push(secret(added) && secret(rotated) && secret(added) !== secret(rotated) ? 'rotated' : 'not rotated');

  const { response } = await api.GET('/users/{username}', { params: { path: { username: 'ada' } } });
  const seen = { path: { username: 'ada' }, header: { 'If-Match': response.headers.get('ETag') ?? '' } };
  await done(api.PATCH('/users/{username}', { params: seen, body: { email: 'ada@example.org' } }));
  const second = await api.PATCH('/users/{username}', { params: seen, body: { email: 'other@example.org' } });
  happened.push(`${second.response.status} ${(second.error as { code: string }).code}`);

  const dry = await done(api.POST('/users/{username}/disable', { params: { path: { username: 'ada' }, query: { dry_run: true } } }));
  happened.push((dry as { command: string }).command);
  await done(api.POST('/users/{username}/disable', { params: { path: { username: 'ada' } } }));
  await done(api.DELETE('/users/{username}', { params: { path: { username: 'ada' } } }));
  const gone = await api.GET('/users/{username}', { params: { path: { username: 'ada' } } });
  happened.push(String(gone.response.status));
  return happened;
}
