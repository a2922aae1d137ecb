// One answer of the API for everything a page can look like, by the name of its screenshot.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What provider/qr_code.go draws of the address below. */
const qr = JSON.parse(readFileSync(join(import.meta.dirname, 'qr.json'), 'utf8'));
const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const hub = { name: 'JupyterHub', uri: 'https://hub.example.org' };
const viewer = {
  name: 'Notebook Viewer', uri: 'https://viewer.example.org/', logo_uri: 'https://viewer.example.org/logo.svg',
  policy_uri: 'https://viewer.example.org/privacy', tos_uri: 'https://viewer.example.org/terms',
};
const hostile = {
  name: `<img src=x onerror=alert(1)>${'W'.repeat(72)}`, uri: 'javascript:alert(1)', logo_uri: 'javascript:alert(1)',
  policy_uri: 'javascript:alert(1)', tos_uri: 'data:text/html,<script>alert(1)</script>',
};
const alice = { username: 'alice', name: 'Alice Example' };
const notebook = { name: 'Gatehouse for notebooks' };
const request_id = '01JD3V7Q4TN8';

/** What the API hands over for navigator.credentials.get and create. */
const passkey = {
  challenge: '0123456789012345678901234567890123456789012', rpId: 'localhost', timeout: 300000, userVerification: 'required',
};
const makePasskey = {
  rp: { name: 'Gatehouse', id: 'localhost' }, user: { name: 'alice', displayName: 'Alice Example', id: 'AZZHPRlVdGGm3Q3bK5Z5GQ' },
  challenge: '0123456789012345678901234567890123456789012', pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
  authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' }, attestation: 'none',
};

export const answers = (api) => {
  const login = { page: 'login', request: 'sealed', action: `${api}/login`, client: hub, cancel: true, request_id, passkey };
  const consent = { page: 'consent', request: 'sealed', action: `${api}/consent`, user: alice, other: true, request_id };
  const chooser = { page: 'select_account', request: 'sealed', action: `${api}/select-account`, client: hub, user: alice, other: true,
    cancel: true, request_id };
  const refused = { page: 'refused', request: 'sealed', action: `${api}/refused`, client: hub, user: alice, other: true, cancel: true,
    request_id };
  const maximiliane = { username: 'maximiliane', name: 'Maximiliane Hohenlohe-Schwarzenberg' };
  const upstreams = {
    upstreams: [{ name: 'google', display_name: 'Google' }, { name: 'campus', display_name: 'University of Example' }],
    upstream_action: `${api}/login/upstream`,
  };
  const known = {
    upstreams: [
      { name: 'campus', display_name: 'Universität Musterstadt', issuer: 'https://sso.uni-musterstadt.example' },
      { name: 'google', display_name: 'Google', issuer: 'https://accounts.google.com' },
      { name: 'github', display_name: 'GitHub', issuer: 'https://github.com' },
      { name: 'azure', display_name: 'Microsoft', issuer: 'https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0' },
      { name: 'orcid', display_name: 'ORCID', issuer: 'https://orcid.org' },
    ],
    upstream_action: `${api}/login/upstream`,
  };
  const device = { page: 'device', action: `${api}/device`, request_id };
  const newPassword = { page: 'new_password', request: 'sealed', action: `${api}/new-password`, user: alice, min: 8, request_id };
  const forgot = { page: 'forgot_password', request: 'sealed', action: `${api}/forgot-password`, client: hub, minutes: 15, request_id };
  const invitation = {
    page: 'accept_invitation', request: 'sealed', action: `${api}/invitation`, client: hub, username: '', name: '', groups: ['physics101'],
    new: true, have: true, request_id,
  };
  const signUp = { page: 'sign_up', request: 'sealed', action: `${api}/sign-up`, client: hub, request_id };
  const mailedInvitation = { ...invitation, email: 'ada@uni.example', code: true, new: false, have: false };
  const joinName = { page: 'join_name', request: 'sealed', action: `${api}/join/name`, workshop: 'surf2027', prefix: 'surf-', request_id };
  const joinPhrase = {
    page: 'join_phrase', request: 'sealed', action: `${api}/join/phrase`, workshop: 'surf2027', request_id,
    user: { username: 'surf-ada.lovelace', name: 'Ada Lovelace' }, phrase: 'copilot-trampoline-unexpected-wristwatch',
  };
  const projector = {
    page: 'projector', workshop: 'surf2027', state: 'open', code: 'gravel-trampoline-orbit', link: 'https://login.uni.example/join', qr,
    taken: 41, seats: 60, until: '2027-03-03T17:00:00Z', request_id,
  };
  const factor = {
    page: 'factor', request: 'sealed', action: `${api}/factor`, client: hub, user: alice, method: 'totp', ways: ['totp', 'recovery_code'],
    cancel: true, request_id,
  };
  const addFactor = {
    page: 'add_factor', request: 'sealed', action: `${api}/factor/add`, client: hub, user: alice, cancel: true, request_id,
    by: 'group', name: 'Administrators', since: '2026-11-01T00:00:00Z', add: ['passkey', 'totp'], passkey: makePasskey,
  };
  const totp = {
    page: 'totp', request: 'sealed', action: `${api}/factor/totp`, user: alice, request_id, secret, qr,
    uri: `otpauth://totp/Gatehouse:alice?secret=${secret}&issuer=Gatehouse`,
  };
  const recoveryCodes = {
    page: 'recovery_codes', request: 'sealed', action: `${api}/factor/recovery-codes`, user: alice, request_id,
    codes: ['ab2de-fghij', 'wwwww-mmmmm', '23456-789ab', 'cdefg-hijkm', 'npqrs-tuvwx', 'yz234-56789', 'abcde-fghij', 'kmnpq-rstuv',
      'wxyz2-34567', '89abc-defgh'],
  };
  const offer = { page: 'offer_passkey', request: 'sealed', action: `${api}/offer-passkey`, client: hub, user: alice, passkey: makePasskey,
    request_id };
  const passkeys = [
    { id: 'k1', name: 'Safari (iOS)', synced: true, created_at: '2026-11-01T09:00:00Z', used_at: '2026-11-29T09:00:00Z' },
    { id: 'k2', name: 'Schlüssel am Schlüsselbund mit dem langen Namen'.repeat(2), created_at: '2026-10-01T09:00:00Z' },
  ];
  const account = {
    page: 'account', totp_action: `${api}/account/totp`,
    password: { changed_at: '2026-03-03T09:00:00Z', min: 8 }, password_action: `${api}/account/password`,
    add_passkey_action: `${api}/account/passkeys`, rename_passkey_action: `${api}/account/passkeys/rename`,
    remove_passkey_action: `${api}/account/passkeys/remove`, passkey_options: makePasskey,
    end_session_action: `${api}/account/sessions/end`, sessions: [
      { id: 's1', current: true, browser: 'Safari', system: 'iOS', addr: '2001:db8:1234:5678:9abc:def0:1234:5678',
        auth_time: '2026-11-29T08:00:00Z', seen_at: '2026-11-29T09:00:00Z' },
      { id: 's2', browser: 'Firefox', system: 'Linux', addr: '192.0.2.17',
        auth_time: '2026-11-28T08:00:00Z', seen_at: '2026-11-28T20:00:00Z' },
      { id: 's3', auth_time: '2026-11-27T08:00:00Z', seen_at: '2026-11-27T08:00:00Z' },
    ],
    request: 'sealed', user: alice, scopes: ['openid', 'profile', 'email', 'groups'], days: [7, 30, 90, 365],
    action: `${api}/account/tokens`, revoke_action: `${api}/account/tokens/revoke`, logout_action: `${api}/logout`, request_id,
    withdraw_action: `${api}/account/consents/withdraw`, accounts_action: `${api}/account/linked`,
    profile_action: `${api}/account/profile`, data_action: `${api}/account/data`,
  };
  const phone = { browser: 'Safari', system: 'iOS', addr: '2001:db8:1234:5678:9abc:def0:1234:5678' };
  const laptop = { browser: 'Firefox', system: 'Linux', addr: '192.0.2.17' };
  const own = {
    applications: [
      { ...viewer, href: 'https://viewer.example.org/' }, { ...hub, href: 'https://hub.example.org/hub/' },
      { name: 'Rechenzentrum der Informationswissenschaften', href: 'https://rz.example.org/' },
      { name: 'Somebody’s client', uri: 'https://stranger.example.org', unchecked: true, href: 'https://stranger.example.org/start' },
    ],
    sign_ins: [
      { id: 'i1', at: '2026-11-29T08:00:00Z', outcome: 'factor_proven', client: hub, ...phone },
      { id: 'i2', at: '2026-11-29T07:59:00Z', outcome: 'signed_in', client: hub, ...phone },
      { id: 'i3', at: '2026-11-29T07:58:00Z', outcome: 'failed', why: 'wrong_password', client: hub, ...phone },
      { id: 'i4', at: '2026-11-28T20:00:00Z', outcome: 'signed_in', ...laptop },
      { id: 'i5', at: '2026-11-28T19:00:00Z', outcome: 'failed', why: 'wrong_code', client: { name: 'A stranger', unchecked: true } },
      { id: 'i6', at: '2026-11-27T19:00:00Z', outcome: 'failed', why: 'disabled', client: hub, ...laptop },
      { id: 'i7', at: '2026-11-26T19:00:00Z', outcome: 'signed_in', client: viewer, ...laptop },
    ],
    allowed: [
      { id: 'viewer', client: viewer, scopes: ['openid', 'profile', 'email', 'offline_access'], since: '2026-10-01T09:00:00Z' },
      { id: 'archive', client: { name: 'Telescope Archive' }, scopes: ['openid', 'archive:read', 'urn:example:compute_quota'],
        scope_words: { 'archive:read': 'Read the telescope archive' }, services: ['Telescope Archive'], since: '2026-11-01T09:00:00Z' },
      { id: 'stranger', client: { name: 'W'.repeat(60), unchecked: true }, scopes: ['openid'], since: '2026-11-20T09:00:00Z' },
    ],
    linked: [
      { upstream: 'google', display_name: 'Google', issuer: 'https://accounts.google.com', account: 'alice.example@gmail.example',
        linked_at: '2026-09-01T09:00:00Z', used_at: '2026-11-01T09:00:00Z' },
      { upstream: 'campus', display_name: 'Universität Musterstadt', account: 'ae12345', linked_at: '2026-09-01T09:00:00Z' },
    ],
    more: known.upstreams.slice(2, 4),
    about: { name: 'Alice Example', given_name: 'Alice', family_name: 'Example', locale: 'de-CH', email: 'alice@example.org',
      email_verified: true, groups: ['hub-admins', 'physics', 'Fakultät für Mathematik und Physik'] },
  };
  const tokens = [
    { id: 't1', name: 'My laptop', scopes: ['openid'], created_at: '2026-11-20T09:00:00Z', expires_at: '2126-02-18T09:00:00Z' },
    {
      id: 't2', name: 'Nightly report of the telescope group', scopes: ['openid', 'profile', 'email', 'groups'],
      created_at: '2026-09-01T12:00:00Z', expires_at: '2127-09-01T12:00:00Z', used_at: '2026-11-22T03:00:00Z',
    },
    { id: 't3', name: 'x'.repeat(60), scopes: ['openid', 'urn:example:compute_quota'], created_at: '2026-01-01T12:00:00Z',
      expires_at: '2026-02-01T12:00:00Z', used_at: '2026-01-31T12:00:00Z' },
  ];
  const scopes = ['openid', 'profile', 'email', 'groups', 'offline_access'];
  return {
    login: [200, login],
    'login-wrong-password': [200, { ...login, username: 'alice', error: { code: 'invalid_credentials' } }],
    'login-wrong-again': [200, { ...login, username: 'alice', error: { code: 'invalid_credentials', times: 2 }, ui_locales: ['de'] }],
    'login-too-many-attempts': [200, { ...login, username: 'alice', error: { code: 'too_many_attempts', retry_after: 90 } }],
    'login-disabled': [200, { ...login, username: 'alice', error: { code: 'account_disabled' } }],
    'login-upstream-disabled': [200, {
      ...login, ...upstreams, error: { code: 'upstream_account_disabled', upstream: 'Google' }, ui_locales: ['fr'],
    }],
    'login-unavailable': [503, { ...login, username: 'alice', error: { code: 'temporarily_unavailable' } }],
    'login-long': [200, { ...login, client: { name: 'Rechenzentrum der Informationswissenschaften' }, ui_locales: ['de-CH'] }],
    'login-client': [200, { ...login, client: viewer }],
    'login-client-long': [200, {
      ...login, ...upstreams, client: { ...viewer, name: 'Rechenzentrum der Informationswissenschaften' }, ui_locales: ['de'],
    }],
    'login-client-without-logo': [200, { ...login, client: { ...viewer, logo_uri: 'https://viewer.example.org/gone.svg' } }],
    'login-client-hostile': [200, { ...login, client: hostile }],
    'login-own-account': [200, { ...login, client: undefined }],
    'login-upstreams': [200, { ...login, ...upstreams }],
    'login-upstream-denied': [200, { ...login, ...upstreams, error: { code: 'upstream_denied', upstream: 'Google' }, ui_locales: ['fr'] }],
    'login-marks': [200, { ...login, ...known }],
    'login-marks-denied': [200, { ...login, ...known, error: { code: 'upstream_denied', upstream: 'GitHub' }, ui_locales: ['de'] }],
    'login-marks-wrong-password': [200, { ...login, ...known, username: 'alice', error: { code: 'invalid_credentials' } }],
    'login-known': [200, { ...login, username: 'alice', known: alice }],
    'login-known-long': [200, { ...login, ...upstreams, username: 'maximiliane', known: maximiliane, ui_locales: ['de'] }],
    'login-known-wrong-password': [200, {
      ...login, username: 'alice', known: { username: 'alice', name: 'alice' }, error: { code: 'invalid_credentials' }, ui_locales: ['fr'],
    }],
    'select-account': [200, chooser],
    'select-account-long': [200, { ...chooser, client: { ...viewer, name: 'Rechenzentrum der Informationswissenschaften' },
      user: maximiliane, ui_locales: ['de'] }],
    'select-account-alone': [200, { ...chooser, other: false, cancel: false, ui_locales: ['fr'] }],
    refused: [200, refused],
    'refused-long': [200, { ...refused, client: viewer, user: maximiliane, ui_locales: ['de'] }],
    'refused-device': [200, { ...refused, client: notebook, cancel: false, ui_locales: ['fr'] }],
    'refused-service': [200, { ...refused, service: 'Telescope tools' }],
    'refused-service-long': [200, { ...refused, client: viewer, service: 'https://spectrograph-archive.observatory.example.org/mcp',
      ui_locales: ['de'] }],
    'refused-hinted': [200, { ...refused, other: false }],
    'refused-hostile': [200, { ...refused, client: { ...hostile, unchecked: true } }],
    'not-signed-in': [200, { page: 'not_signed_in', request: 'sealed', action: `${api}/not-signed-in`, client: hub, request_id }],
    'not-signed-in-long': [200, {
      page: 'not_signed_in', request: 'sealed', action: `${api}/not-signed-in`, client: viewer, request_id, ui_locales: ['de'],
    }],
    'login-link': [200, { ...login, ...upstreams, link: { upstream: 'Google', account: 'alice@gmail.example' } }],
    device: [200, device],
    'device-unknown-code': [200, { ...device, user_code: 'WDJB-MJHT', error: { code: 'unknown_user_code' }, ui_locales: ['fr'] }],
    'device-long': [200, { ...device, user_code: 'WDJB-MJHT', error: { code: 'too_many_attempts', retry_after: 90 }, ui_locales: ['de'] }],
    'device-done': [200, { page: 'device_done', client: notebook, allowed: true, request_id }],
    'device-denied': [200, { page: 'device_done', client: notebook, allowed: false, request_id }],
    'consent-device-long': [200, { ...consent, client: hub, scopes, user_code: 'WDJB-MJHT', ui_locales: ['de'] }],
    'consent-device': [200, { ...consent, client: notebook, scopes: ['openid', 'profile'], user_code: 'WDJB-MJHT' }],
    'login-password-set': [200, { ...login, client: undefined, username: 'alice', done: 'password_set' }],
    'new-password': [200, newPassword],
    'new-password-must': [200, { ...newPassword, client: hub, must: true, error: { code: 'password_common' } }],
    'new-password-long': [200, { ...newPassword, min: 20, must: true, error: { code: 'password_unreadable' }, ui_locales: ['de'] }],
    'new-password-wait': [503, { ...newPassword, error: { code: 'temporarily_unavailable', retry_after: 5 }, ui_locales: ['fr'] }],
    factor: [200, factor],
    'factor-wrong': [200, { ...factor, error: { code: 'wrong_code' } }],
    'factor-clock-long': [200, { ...factor, error: { code: 'clock_off' }, client: { name: 'Rechenzentrum der Informationswissenschaften' },
      user: { username: 'maximiliane', name: 'Maximiliane Hohenlohe-Schwarzenberg' }, ui_locales: ['de'] }],
    'factor-recovery': [200, { ...factor, client: undefined, cancel: undefined, method: 'recovery_code' }],
    'factor-recovery-wrong': [200, { ...factor, method: 'recovery_code', error: { code: 'wrong_recovery_code' }, ui_locales: ['fr'] }],
    'factor-wait': [429, { ...factor, error: { code: 'too_many_attempts', retry_after: 1800 }, ui_locales: ['de'] }],
    'factor-removed': [200, { ...factor, ways: ['recovery_code'], method: 'recovery_code', error: { code: 'factor_removed' } }],
    'factor-passkey': [200, { ...factor, method: 'passkey', ways: ['passkey', 'totp', 'recovery_code'], passkey }],
    'factor-passkey-refused': [200, { ...factor, method: 'passkey', ways: ['passkey'], passkey, error: { code: 'passkey_answered' },
      ui_locales: ['fr'] }],
    'add-factor': [200, addFactor],
    'add-factor-passkey-refused': [200, { ...addFactor, add: ['passkey'], error: { code: 'passkey_not_verified' }, ui_locales: ['de'] }],
    'offer-passkey': [200, offer],
    'offer-passkey-long': [200, { ...offer, client: { name: 'Rechenzentrum der Informationswissenschaften' }, user: maximiliane,
      error: { code: 'passkey_refused' }, ui_locales: ['de'] }],
    forgot: [200, forgot],
    'forgot-sent': [200, { ...forgot, username: 'alice', sent: true, error: { code: 'wrong_mailed_code' }, ui_locales: ['de'] }],
    'link-elsewhere': [200, { page: 'link', action: `${api}/link`, error: { code: 'reset_elsewhere' }, request_id, ui_locales: ['fr'] }],
    'new-password-or-passkey': [200, { ...newPassword, passkey: makePasskey }],
    'new-password-passkey-refused': [200, { ...newPassword, passkey: makePasskey, error: { code: 'passkey_refused' }, ui_locales: ['fr'] }],
    'login-passkey-unknown': [200, { ...login, ...known, error: { code: 'passkey_unknown' }, unknown_passkey: { rpId: 'localhost' },
      ui_locales: ['de'] }],
    'login-passkey-added': [200, { ...login, client: undefined, username: 'alice', done: 'passkey_added' }],
    'account-passkeys': [200, { ...account, passkeys, tokens: [], done: 'passkey_added' }],
    'account-passkeys-long': [200, { ...account, passkeys, tokens: [], error: { code: 'last_way_in' }, ui_locales: ['de'] }],
    'add-factor-long': [200, { ...addFactor, by: 'client', name: undefined, since: undefined, ui_locales: ['de'],
      client: { name: 'Rechenzentrum der Informationswissenschaften' } }],
    'add-factor-request': [200, { ...addFactor, client: viewer, by: 'request', name: undefined, since: undefined, ui_locales: ['fr'] }],
    totp: [200, totp],
    'totp-wrong-long': [200, { ...totp, error: { code: 'wrong_code' }, ui_locales: ['de'] }],
    'totp-clock': [200, { ...totp, error: { code: 'clock_off' }, ui_locales: ['fr'] }],
    'totp-there': [200, { ...totp, secret: undefined, qr: undefined, uri: undefined, error: { code: 'totp_there_already' } }],
    'recovery-codes': [200, recoveryCodes],
    'recovery-codes-long': [200, { ...recoveryCodes, ui_locales: ['de'] }],
    'recovery-codes-seen': [200, { ...recoveryCodes, codes: undefined, ui_locales: ['fr'] }],
    'login-ended': [200, { ...login, done: 'sign_in_ended' }],
    'account-totp': [200, { ...account, tokens, totp: { created_at: '2026-11-01T09:00:00Z', used_at: '2026-11-28T09:00:00Z' },
      recovery_codes: 8, done: 'totp_added' }],
    'account-totp-required': [200, { ...account, tokens, totp: { created_at: '2026-11-01T09:00:00Z' }, recovery_codes: 1,
      error: { code: 'totp_required' }, ui_locales: ['de'] }],
    'account-totp-there': [200, { ...account, tokens, totp: { created_at: '2026-11-01T09:00:00Z' }, recovery_codes: 0,
      error: { code: 'totp_there_already' }, ui_locales: ['fr'] }],
    'invitation': [200, invitation],
    'invitation-taken': [200, { ...invitation, username: 'ada', name: 'Ada Lovelace', email: 'ada@uni.example', have: false,
      error: { code: 'username_taken' }, ui_locales: ['de'] }],
    'sign-up': [200, signUp],
    'sign-up-approval': [200, { ...signUp, approval: true, email: 'ada@uni', error: { code: 'invalid_email' } }],
    'sign-up-sent': [200, { ...signUp, sent: true, email: 'ada@uni.example', ui_locales: ['de'] }],
    'invitation-mailed': [200, { ...mailedInvitation, error: { code: 'wrong_mailed_code' } }],
    'invitation-elsewhere': [200, { ...invitation, upstreams: upstreams.upstreams,
      error: { code: 'upstream_denied', upstream: 'GitHub' } }],
    'invitation-elsewhere-only': [200, { ...invitation, new: false, have: false, email: 'ada@uni.example', upstreams: upstreams.upstreams,
      error: { code: 'upstream_other_address', upstream: 'GitHub' }, ui_locales: ['de'] }],
    'invitation-elsewhere-name': [200, { ...invitation, username: 'ada', link: { upstream: 'GitHub', account: 'ada' },
      error: { code: 'username_taken' }, ui_locales: ['fr'] }],
    'invitation-no-way': [200, { ...invitation, new: false, have: false }],
    'invitation-signed-in': [200, { ...invitation, user: alice, ui_locales: ['fr'] }],
    'invitation-account-only': [200, { ...invitation, groups: [], new: false, client: undefined }],
    'join': [200, { page: 'join', action: `${api}/join`, request_id }],
    'join-unknown': [200, { page: 'join', action: `${api}/join`, code: 'gravel tulip', error: { code: 'workshop_unknown' }, request_id,
      ui_locales: ['de'] }],
    'join-full': [200, { page: 'join', action: `${api}/join`, code: 'gravel-tulip-orbit', error: { code: 'workshop_full' }, request_id }],
    'join-ended': [200, { page: 'join', action: `${api}/join`, error: { code: 'workshop_ended', ended_at: '2027-03-03T17:00:00Z' },
      request_id, ui_locales: ['fr'] }],
    'join-name': [200, joinName],
    'join-name-taken': [200, { ...joinName, username: 'ada2', taken: 'surf-ada', error: { code: 'username_taken' }, ui_locales: ['de'] }],
    'join-phrase': [200, joinPhrase],
    'join-phrase-mended': [200, { ...joinPhrase, mended: true, passkey: makePasskey, error: { code: 'phrase_not_written' },
      ui_locales: ['de'] }],
    'projector': [200, projector],
    'projector-full': [200, { ...projector, state: 'full', taken: 60, ui_locales: ['de'] }],
    'projector-ended': [200, { ...projector, state: 'ended', code: undefined, qr: undefined, ui_locales: ['fr'] }],
    'login-workshop-ended': [200, { ...login, username: 'surf-ada', error: { code: 'workshop_ended', upstream: 'surf2027',
      ended_at: '2027-03-03T17:00:00Z' } }],
    'new-password-passkey-only': [200, { ...newPassword, passkey: makePasskey, passkey_only: true }],
    'link-spent': [200, { page: 'link', action: `${api}/link`, error: { code: 'link_spent' }, request_id }],
    'link-expired': [200, { page: 'link', action: `${api}/link`, error: { code: 'link_expired' }, ui_locales: ['de'], request_id }],
    'account-password-changed': [200, { ...account, tokens, done: 'password_changed' }],
    'account-adoption-failed': [200, { ...account, tokens, adopt_action: `${api}/account/adopt`, error: { code: 'adoption_failed' },
      ui_locales: ['de'] }],
    'account-password-wrong': [200, { ...account, tokens, error: { code: 'wrong_password' } }],
    'account-password-common': [200, { ...account, tokens, error: { code: 'password_common' }, ui_locales: ['de'] }],
    'account-session-ended': [200, {
      ...account, sessions: account.sessions.slice(0, 2), tokens, done: 'session_ended', ui_locales: ['fr'],
    }],
    'account-sessions-long': [200, { ...account, tokens: [], ui_locales: ['de'] }],
    'account-password-wait': [429, { ...account, tokens: [], error: { code: 'too_many_attempts', retry_after: 30 }, ui_locales: ['de'] }],
    'account-without-password': [200, { ...account, tokens: [], password: undefined }],
    account: [200, { ...account, ...own, tokens }],
    'account-full-de': [200, { ...account, ...own, tokens: tokens.slice(0, 1), ui_locales: ['de'] }],
    'account-full-fr': [200, { ...account, ...own, tokens: [], ui_locales: ['fr'] }],
    'account-withdrawn': [200, { ...account, ...own, tokens: [], allowed: [], done: 'consent_withdrawn', ui_locales: ['de'] }],
    'account-linked': [200, { ...account, ...own, tokens: [], more: [], done: 'account_linked' }],
    'account-last-way-in': [200, {
      ...account, ...own, tokens: [], password: undefined, linked: [{ ...own.linked[0], last: true }], error: { code: 'last_way_in' },
      ui_locales: ['fr'],
    }],
    'account-bad-full-name': [200, { ...account, ...own, tokens: [], error: { code: 'invalid_name' }, ui_locales: ['de'] }],
    'account-hostile': [200, { ...account, ...own, tokens: [], applications: [{ ...hostile, href: 'javascript:alert(1)' },
      { ...hostile, href: 'https://x.example.org/' }], 
      allowed: [{ id: '"><b>', client: hostile, scopes: ['<b>'], since: '2026-11-20T09:00:00Z' }],
    linked: [], more: [], about: { name: hostile.name, given_name: '', family_name: '', locale: 'x_1', groups: [hostile.name] } }],
    'account-empty': [200, { ...account, tokens: [] }],
    'account-revoked': [200, { ...account, user: { username: 'maximiliane', name: 'Maximiliane Hohenlohe-Schwarzenberg' }, tokens,
      revoked: 'Nightly report of the telescope group' }],
    'account-new-token': [200, { ...account, tokens, token: { name: 'My laptop', value: `gatehouse_pat_${'4tNq7'.repeat(9)}` } }],
    'account-bad-name': [200, { ...account, tokens, error: { code: 'invalid_token_name' }, ui_locales: ['fr'] }],
    'account-too-many': [200, { ...account, tokens, error: { code: 'too_many_tokens' }, ui_locales: ['de'] }],
    consent: [200, { ...consent, client: { name: 'Notebook Viewer', uri: 'https://viewer.example.org/' }, scopes }],
    'consent-other-scope': [200, { ...consent, client: hub, scopes: ['openid', 'urn:example:compute_quota'], ui_locales: ['fr'] }],
    'consent-services': [200, {
      ...consent, client: viewer, scopes: ['openid', 'archive:read', 'archive:tag'],
      scope_words: { 'archive:read': 'Read the telescope archive' }, services: ['Telescope Archive', 'https://disk.example.org'],
    }],
    'consent-client': [200, { ...consent, client: viewer, scopes: ['openid', 'profile', 'email', 'address', 'phone'], ui_locales: ['fr'] }],
    'consent-client-hostile': [200, { ...consent, client: hostile, scopes }],
    logout: [200, { page: 'logout', request: 'sealed', action: `${api}/logout/confirm`, client: hub, user: alice, request_id }],
    'logout-flawed': [200, {
      page: 'logout', request: 'sealed', action: `${api}/logout/confirm`, client: hub, user: alice, request_id,
      error: { code: 'logout_uri_unregistered' },
    }],
    'signed-out-flawed': [200, { page: 'signed_out', error: { code: 'logout_hint_invalid' }, ui_locales: ['de'], request_id }],
    'signed-out': [200, { page: 'signed_out', client: hub, return_to: 'https://hub.example.org/hub/', request_id }],
    'signed-out-alone': [200, { page: 'signed_out', request_id }],
    'error-access-denied': [403, { page: 'error', error: { code: 'access_denied' }, client: hub, request_id }],
    'error-expired': [400, { page: 'error', error: { code: 'request_expired' }, client: hub, request_id }],
    'error-redirect-uri': [400, { page: 'error', error: { code: 'invalid_redirect_uri' }, request_id }],
    'error-unavailable': [503, { page: 'error', error: { code: 'temporarily_unavailable' }, client: hub, request_id }],
    'error-elsewhere': [200, { ...login, action: 'https://elsewhere.example.org/login' }],
  };
};
