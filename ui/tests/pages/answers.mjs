// One answer of the API for everything a page can look like, by the name of its screenshot.
const hub = { name: 'JupyterHub', uri: 'https://hub.example.org' };
const alice = { username: 'alice', name: 'Alice Example' };
const request_id = '01JD3V7Q4TN8';

export const answers = (api) => {
  const login = { page: 'login', request: 'sealed', action: `${api}/login`, client: hub, request_id };
  const consent = { page: 'consent', request: 'sealed', action: `${api}/consent`, user: alice, request_id };
  const scopes = ['openid', 'profile', 'email', 'groups', 'offline_access'];
  return {
    login: [200, login],
    'login-wrong-password': [200, { ...login, username: 'alice', error: { code: 'invalid_credentials' } }],
    'login-too-many-attempts': [200, { ...login, username: 'alice', error: { code: 'too_many_attempts', retry_after: 90 } }],
    'login-unavailable': [503, { ...login, username: 'alice', error: { code: 'temporarily_unavailable' } }],
    'login-long': [200, { ...login, client: { name: 'Rechenzentrum der Informationswissenschaften' }, ui_locales: ['de-CH'] }],
    consent: [200, { ...consent, client: { name: 'Notebook Viewer', uri: 'https://viewer.example.org/' }, scopes }],
    'consent-other-scope': [200, { ...consent, client: hub, scopes: ['openid', 'urn:example:compute_quota'], ui_locales: ['fr'] }],
    logout: [200, { page: 'logout', request: 'sealed', action: `${api}/logout/confirm`, client: hub, user: alice, request_id }],
    'signed-out': [200, { page: 'signed_out', client: hub, return_to: 'https://hub.example.org/hub/', request_id }],
    'signed-out-alone': [200, { page: 'signed_out', request_id }],
    'error-expired': [400, { page: 'error', error: { code: 'request_expired' }, client: hub, request_id }],
    'error-redirect-uri': [400, { page: 'error', error: { code: 'invalid_redirect_uri' }, request_id }],
    'error-unavailable': [503, { page: 'error', error: { code: 'temporarily_unavailable' }, client: hub, request_id }],
    'error-elsewhere': [200, { ...login, action: 'https://elsewhere.example.org/login' }],
  };
};
