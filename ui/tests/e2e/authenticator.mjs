// Chromium's own authenticator in software, by the DevTools protocol.

/** Gives the browser of a page a device of the person's, which verifies them at once; `options` change what it is like. */
export async function addAuthenticator(page, options = {}) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable', { enableUI: false });
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options: {
    protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
    automaticPresenceSimulation: true, defaultBackupEligibility: true, defaultBackupState: true, ...options,
  } });
  const send = (name, params) => cdp.send(`WebAuthn.${name}`, { authenticatorId, ...params });
  return {
    credentials: async () => (await send('getCredentials')).credentials,
    /** Whether somebody touches it when it asks, and whether it is the person. */
    setPresence: (enabled) => send('setAutomaticPresenceSimulation', { enabled }),
    setVerified: (isUserVerified) => send('setUserVerified', { isUserVerified }),
    clear: () => send('clearCredentials'),
    remove: () => send('removeVirtualAuthenticator'),
  };
}
