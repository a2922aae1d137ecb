// What tests of the pages for administrators share.

/** A page that notes in `complaints` what the browser complains about: that the API refuses something is no complaint. */
export async function newAdminPage(browser, complaints, beside) {
  const page = await browser.newPage(beside);
  page.setDefaultTimeout(20_000);
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !/status of [45]\d\d/.test(message.text())) complaints.push(message.text());
  });
  page.on('dialog', (dialog) => { complaints.push(`a dialog: ${dialog.message()}`); void dialog.dismiss(); });
  return page;
}

/** Goes there as by a link, without a new sign-in, and waits until all of it is there. */
export async function follow(page, path) {
  const done = page.waitForFunction((to) => location.pathname + location.search === to && document.querySelector('main h1')
    && !document.querySelector('main [aria-busy]'), `/admin/${path}`);
  await page.evaluate((to) => {
    const link = Object.assign(document.createElement('a'), { href: to, textContent: to });
    document.body.append(link);
    link.click();
    link.remove();
  }, `/admin/${path}`);
  await done;
}
