/** What is said of a passkey that was of no use; it comes with the first such. */
export const en = {
  cancelled: 'No passkey was used. Try again, or go another way.',
  failed: 'The browser could not use a passkey here. Try again, or go another way.',
  exists: 'There is a passkey for this account on this device already.',
  passkey_refused: 'This passkey could not be checked. Try again, or sign in another way.',
  passkey_not_verified: 'Your device did not check that it is you. Turn on its screen lock or its PIN, then try again.',
  passkey_unknown: 'This passkey is not known here, or not any more. Take another one, or sign in another way.',
  passkey_answered: 'This page was used already. Try again.',
  passkey_may_be_copied:
    'There may be a copy of this passkey, so it does not count. Sign in another way, then remove it from your account.',
  other: 'That did not work. Try again, or go another way.',
};

export type PasskeyMessages = typeof en;
