// Swagger UI in a browser, as a person uses it.

/** What a service answers to a token. */
export const answer = async (url, token) => {
  const got = await fetch(url, token ? { headers: { authorization: `Bearer ${token}` } } : {});
  return { status: got.status, challenge: got.headers.get('www-authenticate') ?? '', body: await got.json().catch(() => ({})) };
};

/** Presses Authorize in Swagger UI and lets `through` do what the popup asks for. */
export async function authorize(swagger, through) {
  await swagger.click('.btn.authorize');
  for (const box of await swagger.$$('.modal-ux .scopes input[type=checkbox]:not(:checked)')) await box.evaluate((e) => e.click());
  const opening = swagger.context().waitForEvent('page');
  await swagger.click('.modal-ux .btn.auth.authorize');
  const popup = await opening;
  const closed = popup.waitForEvent('close');
  await through(popup);
  await closed;
}

/** Presses Execute below GET path; gives status and body as they are shown. */
export async function execute(swagger, path) {
  const operation = swagger.locator('.opblock', { has: swagger.locator(`[data-path$="${path}"]`) });
  await operation.locator('.opblock-summary-control').click();
  await operation.locator('.try-out__btn').click();
  await operation.locator('.btn.execute').click();
  await operation.locator('.live-responses-table .response-col_status').last().waitFor();
  const shown = operation.locator('.live-responses-table .response');
  return { status: (await shown.locator('.response-col_status').innerText()).slice(0, 3),
    body: JSON.parse(await shown.locator('.highlight-code code').first().innerText()) };
}

/** Notes what a page loads from elsewhere. */
export function strangers(swagger, own) {
  const found = new Set();
  swagger.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol.startsWith('http') && !own.includes(origin)) found.add(request.url());
  });
  return found;
}
