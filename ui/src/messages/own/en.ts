/** The words of the pages that a person opens for their own account; they come with these pages. */
export const en = {
  device: {
    title: 'Connect a device',
    subtitle: 'with the code that it shows you',
    code: 'Code',
    /** RFC 8628 §5.4: somebody else may have sent the link or the code. */
    care: 'Continue only if you started this yourself, on your own device, and it shows the same code. '
      + 'If somebody sent you the code, close this page.',
    submit: 'Continue',
    busy: 'One moment…',
    errors: {
      unknown_user_code: () => 'No device is waiting with this code. Compare it with the device; if it is the same, start again there.',
      too_many_attempts: (wait: string) => `Too many attempts. Please wait ${wait || 'a few minutes'}, then try again.`,
      temporarily_unavailable: (wait: string) => `This is not possible right now. Please try again in ${wait || 'a moment'}.`,
      other: () => 'That did not work. Please try again.',
    },
  },

  deviceDone: {
    allowed: {
      title: 'Go back to your device',
      text: (client: string) => `${client} can use your account there now. You can close this window.`,
    },
    denied: {
      title: 'Nothing was connected',
      text: (client: string) => `${client} cannot use your account. You can close this window.`,
    },
  },

  terms: {
    version: (version: string) => `Version ${version}`,
    text: (client: string) => `Before you go on to ${client}, please read this and accept it.`,
    ownText: 'Before you go on to your account, please read this and accept it.',
    read: 'Read it in a new window',
    accept: 'I have read this, and accept it.',
    submit: 'Go on',
    decline: 'Don’t accept',
    busy: 'One moment…',
    note: 'If you don’t accept, you go back without signing in there.',
    ownNote: 'If you don’t accept, all that you can do here is sign out.',
  },

  logout: {
    title: 'Do you want to sign out?',
    text: 'The next application you open will ask for your password again.',
    asked: (client: string) => `${client} asks to sign you out.`,
    submit: 'Sign out',
    busy: 'Signing out…',
    stay: 'Stay signed in',
    /** What is wrong with a request to sign out; also on the page after it. */
    flaws: {
      logout_request_unreadable: 'Something in the application’s request could not be read, so you stay here afterwards.',
      logout_hint_invalid: 'The sign-in that the application named could not be verified, so you stay here afterwards.',
      logout_client_missing: 'The request does not say which application it is from, so you stay here afterwards.',
      logout_client_differs: 'The application named a sign-in of another one, so you stay here afterwards.',
      logout_client_unknown: 'The application is not known here, so you stay here afterwards.',
      logout_client_disabled: 'The application has been shut off here, so you stay here afterwards.',
      logout_uri_unregistered: 'The application asked to send you on to an address that is not registered for it, so you stay '
        + 'here afterwards.',
      other: 'Something is wrong with the application’s request, so you stay here afterwards.',
    },
  },

  signedOut: {
    title: 'You are signed out',
    again: 'Sign in again',
    text: 'Your session here has ended. You can close this window.',
  },

  newPassword: {
    title: 'Choose a password',
    must: 'before you go on: the one you have was chosen by somebody else',
    for: 'For',
    label: 'New password',
    hint: (min: number) => `At least ${min} characters. A few words in a row are good, and easy to remember.`,
    submit: 'Set password',
    busy: 'Setting…',
    /** `min` is in characters, `wait` as in login. */
    errors: {
      password_too_short: (min: number) => `That is too short: it takes at least ${min} characters.`,
      password_too_long: () => 'That is too long: at most 1,024 bytes are possible.',
      password_unreadable: () => 'It has a character that cannot be typed into every sign-in form. Leave that out.',
      password_is_name: () => 'A password must be neither your username nor your email address.',
      password_common: () => 'This is among the passwords that attackers try first. Choose another one.',
      password_unchanged: () => 'That is the password you have. Choose another one.',
      wrong_password: () => 'The current password is not right.',
      too_many_attempts: (_: number, wait: string) => `Too many attempts. Please wait ${wait || 'a few minutes'}, then try again.`,
      temporarily_unavailable: (_: number, wait: string) => `This is not possible right now. Please try again in ${wait || 'a moment'}.`,
      other: () => 'That did not work. Please try again.',
    },
  },

  password: {
    changedAt: (day: string) => `Last changed ${day}`,
    change: 'Change password',
    former: 'Current password',
    keep: 'Stay signed in on other devices and in applications',
    changed: 'Your password is changed.',
  },

  link: {
    title: 'One moment',
    reset: 'Set a new password',
    submit: 'Continue',
    busy: 'Opening…',
    bad: 'This link is no good',
    another: 'Ask whoever gave it to you for a new one.',
    errors: {
      link_unknown: 'The address is not complete, or nobody made it. Copy it once more, as a whole.',
      link_spent: 'It was used already, or there is a newer one.',
      link_expired: 'It has expired.',
      reset_elsewhere:
        'Go back to the browser where you asked for it, and type the code of the mail there. If that was here, it has expired or was used.',
      invitation_locked: 'The code was wrong too often. Ask whoever invited you for a new invitation.',
      invitation_spent: 'It has been used up. If that was you, sign in.',
      other: 'That did not work.',
    },
  },

  forgot: {
    title: 'Forgot your password?',
    submit: 'Send me a mail',
    busy: 'Sending…',
    sent: 'Look into your mail',
    look: (minutes: number) =>
      `If there is an account with a verified address, a mail with a code is on its way there. It is good for ${minutes} minutes.`,
    code: 'Code from the mail',
    codeHint: 'Six digits. Keep this page open until you have them.',
    nothing: 'No mail? Look among what was taken for spam. Whoever signs in elsewhere, such as at a university or at Google, has no '
      + 'password here.',
    again: 'Send another mail',
  },

  signUp: {
    title: 'Ask for an account',
    email: 'Your email address',
    name: 'Your name',
    reason: 'Why you want an account',
    reasonHint: 'A sentence for those who decide. With an address that needs no decision, it may stay empty.',
    submit: 'Continue',
    busy: 'Sending…',
    sent: 'Look into your mail',
    look: (address: string) => `If ${address} may have an account, a mail is on its way there: at once, or when somebody has said yes.`,
    link: 'Open its link in this browser. In another one, it asks for the code of the mail.',
    nothing: 'No mail? Look among what was taken for spam.',
    errors: {
      invalid_email: () => 'That is no address that mail can be sent to.',
      too_many_attempts: () => 'Too many have asked. Try again in an hour.',
    },
  },

  invitation: {
    title: (name: string) => `You are invited to ${name}`,
    groups: (names: string) => `You become a member of: ${names}.`,
    have: 'I have an account',
    mailed: (address: string) => `It was mailed to ${address}. Type the code of that mail.`,
    codeHint: 'Six digits.',
    orNew: 'Or make a new account:',
    orElsewhere: 'Or sign in with an account that you have elsewhere:',
    elsewhere: (upstream: string, account: string) =>
      `Signed in with ${upstream}: ${account}. Nobody here has that account yet: say what you want to be called here.`,
    noWay: 'There is no way to sign in with it at the moment. Ask whoever invited you.',
    accepted: 'You have accepted the invitation.',
    errors: {
      username_taken: 'That username is somebody’s already, or looks like one that is. Choose another one.',
      username_unfit: 'That cannot be a username here: use small letters, digits, . _ -, and begin with a letter.',
      name_unfit: 'That name cannot be stored: leave out unusual characters.',
      invitation_spent: 'The invitation has been used up.',
      link_unknown: 'There is no such invitation any more.',
      link_expired: 'The invitation has expired.',
      invitation_for_new: 'The invitation is for people who have no account here. Ask whoever invited you for another one.',
      upstream_denied: 'You cancelled there. The invitation is still good: choose again.',
      upstream_failed: 'The sign-in there did not work. The invitation is still good: try again, or choose another way.',
      upstream_unavailable: 'The other side does not answer right now. Try again in a moment, or choose another way.',
      upstream_other_address: 'The invitation is for one address. The account that you signed in with has another one, or one that was '
        + 'not verified there. Sign in there as whoever has that address, or choose another way.',
      upstream_other_domain: 'New accounts take a verified address of certain organizations there, and yours is of none of them. Choose '
        + 'another way, or ask whoever invited you.',
    },
  },

  adopt: {
    title: 'An account from a workshop',
    about: 'If you had an account at a workshop, make it part of this one: what you did with it is '
      + 'known to be yours, and nobody signs in with it any more.',
    open: 'Adopt an account',
    username: 'Its username',
    phrase: 'Its phrase',
    submit: 'Make it mine',
    failed: 'That is no account which can be made part of yours: look at the name and the phrase once more.',
    done: 'The account is part of yours now.',
  },

  workshop: {
    title: 'Join the workshop',
    code: 'Code',
    codeHint: 'The three words that are shown in the room.',
    joined: 'You are in the workshop.',
    nameTitle: (workshop: string) => `Welcome to ${workshop}`,
    name: 'What do you want to be called?',
    nameHint: (prefix: string) => `Your username will begin with ${prefix}`,
    before: 'I have been here before',
    beforeHint: 'Then sign in with your name and your phrase, or your passkey.',
    taken: (username: string) => `${username} is somebody’s already, or looks like one that is. This one is free:`,
    phraseTitle: 'Write this down',
    you: 'Your username',
    mended: 'It was made of what you typed, with what a username may have.',
    phrase: 'Your phrase, which is your password',
    about: 'You see it this once. Nobody can mail it to you: write it down, or take a picture of it.',
    written: 'I have written down both',
    go: 'Go on',
    other: 'Another name',
    orPasskey: 'Or do without a phrase: with a passkey you sign in by the screen lock of your device.',
    copied: 'Copied',
    errors: {
      workshop_unknown: 'There is no workshop with this code. Look once more how it is spelled, or ask for a new one.',
      workshop_closed: () => 'Nobody new joins this workshop any more. Ask whoever leads it. Who has an account signs in.',
      workshop_full: () => 'All seats of this workshop are taken. Ask whoever leads it.',
      workshop_ended: (ended: string) => `This workshop ended on ${ended}.`,
      username_unfit: 'Take a name with letters from a to z, or digits.',
      phrase_not_written: 'Write down the name and the phrase, then tick the box.',
      other: 'That did not work. Please try again.',
    },
    projector: {
      go: (link: string) => `Go to ${link} and type`,
      qr: 'QR code of the address, with the code',
      taken: (taken: number, seats: number) => `${taken} of ${seats}`,
      full: 'All seats are taken.',
      closed: 'Nobody new joins any more.',
      ended: (ended: string) => `The workshop ended on ${ended}.`,
      away: 'The number may be old: the server does not answer.',
    },
  },

  passkeys: {
    title: 'Passkeys',
    about: 'With a passkey you sign in by the screen lock of your device, or a security key: no password to type, none to steal.',
    use: 'Use your passkey',
    notUsedHere: 'This browser cannot use passkeys. Take another one, or go another way.',
    insteadOfPassword: 'Or do without a password: with a passkey you sign in by the screen lock of your device.',
    make: 'Make a passkey',
    offer: 'Sign in faster next time?',
    later: 'Later',
    add: 'Add a passkey',
    notHere: 'This browser cannot make passkeys.',
    synced: 'On several of your devices',
    oneDevice: 'On one device',
    change: 'Change',
    changeNamed: (passkey: string) => `Change “${passkey}”`,
    close: 'Close',
    changing: 'One moment…',
    rename: 'Rename',
    removeNamed: (passkey: string) => `Remove “${passkey}”`,
    removeSure: 'After that it no longer signs you in here. Whatever keeps it may go on showing it: delete it there, too.',
    added: 'Your passkey is ready: from now on you can sign in with it.',
    renamed: 'It has its new name.',
    removed: 'The passkey is removed.',
    errors: {
      passkey_needs_script: () => 'To make a passkey, the script of this page has to run. Reload the page and try again.',
      passkey_refused: () => 'What your device made could not be checked, so there is no new passkey. Try again.',
      passkey_not_verified: () =>
        'Your device did not check that it is you. Turn on its screen lock or its PIN, then try again.',
      passkey_not_discoverable: () => 'Your security key has no room for one more. Remove a passkey from it, or take another one.',
      passkey_answered: () => 'This page was used already. Try again.',
      passkey_exists: () => 'This passkey is there already.',
      too_many_passkeys: () => 'You have as many passkeys as there may be. Remove one that you no longer need.',
      invalid_passkey_name: () => 'Give the passkey a name of at most 100 characters.',
      passkey_required: () => 'Something that you use asks for a second factor, and you have no other. Set up another one first.',
      last_way_in: () => 'Without it you could not sign in any more. Set a password or add another passkey first.',
    },
  },

  sessions: {
    title: 'Where you are signed in',
    on: (browser: string, system: string) => `${browser} on ${system}`,
    unknown: 'Unknown browser',
    here: 'This browser',
    seen: (time: string) => `Last used ${time}`,
    since: (time: string) => `Signed in ${time}`,
    from: (address: string) => `from ${address}`,
    end: 'Sign out',
    endNamed: (browser: string) => `Sign out: ${browser}`,
    endOthers: 'Sign out everywhere else',
    ending: 'Signing out…',
    ended: 'You are signed out there.',
  },

  notSignedIn: {
    title: 'You did not sign in',
    text: 'Nothing has happened. Go back to the application, or sign in after all.',
  },

  contents: 'On this page',

  applications: { title: 'Your applications' },

  signIns: {
    title: 'Recent sign-ins',
    about: 'If one of them was not you, change your password.',
    signedIn: 'Signed in',
    proven: 'Confirmed with a second factor',
    account: 'Your account',
    more: 'Show earlier ones',
    why: {
      wrong_password: 'Wrong password',
      wrong_code: 'Wrong code',
      disabled: 'Not let in: the account was disabled',
      expired: 'Not let in: the account had ended',
      other: 'Did not succeed',
    },
  },

  allowed: {
    title: 'What may use your data',
    about: 'Applications that have access, also while you do not use them.',
    away: 'Keeps this access while you are away',
    since: (day: string) => `Since ${day}`,
    withdraw: 'Remove',
    withdrawNamed: (client: string) => `Remove the access of ${client}`,
    withdrawing: 'Removing…',
    withdrawn: 'It has no access any more. If you use it again, it asks again or gets in as before, as your administrators decided.',
  },

  linked: {
    title: 'Linked accounts',
    about: 'You can sign in here with these accounts, too.',
    since: (day: string) => `Linked ${day}`,
    last: 'Your only way to sign in, so it cannot be unlinked.',
    link: (name: string) => `Link ${name}`,
    unlink: 'Unlink',
    unlinkNamed: (name: string) => `Unlink ${name}`,
    busy: 'One moment…',
    linked: 'The account is linked. You can sign in with it from now on.',
    unlinked: 'The account is unlinked.',
    errors: {
      account_taken: () => 'That account cannot be linked: it belongs to somebody else here, or you have another one linked there.',
      upstream_denied: () => 'You cancelled there. Nothing was linked.',
      upstream_failed: () => 'The sign-in there did not work. Nothing was linked.',
      upstream_unavailable: () => 'The other side does not answer right now. Please try again in a moment.',
    },
  },

  about: {
    changeEmail: 'Verify or change your email address',
    codeSent: 'A code is on its way to:',
    sendCode: 'Send a code there',
    invalidEmail: 'That is no email address.',
    title: 'About you',
    ends: (when: string) => `Your account ends on ${when}. Ask the people who run this service if you need it for longer.`,
    leaves: (group: string, when: string) =>
      `Your membership in ${group} ends on ${when}. Ask the people who run this service if you need it for longer.`,
    until: (group: string, when: string) => `${group} (until ${when})`,
    name: 'Full name',
    givenName: 'Given name',
    familyName: 'Family name',
    username: 'Username',
    email: 'Email',
    verified: 'confirmed',
    groups: 'Groups',
    language: 'Language',
    noLanguage: 'Not said',
    fixed: 'Username, email address and groups are set by your administrators.',
    change: 'Change name or language',
    save: 'Save',
    changed: 'It is saved. Applications learn of it when you sign in to them the next time.',
    invalidName: 'A name has at most 200 characters.',
  },

  data: {
    title: 'Your data',
    about: 'All that is kept about you here, as a file for you or for programs. It has no passwords and no secrets.',
    download: 'Download as JSON',
  },

  /** A service that the application wants to use is not open to who is signed in. */
  refused: (service: string) => ({
    title: 'You may not use this service',
    text: `You are signed in, but ${service} is not open to your account. Ask the people who run it to let you in.`,
  }),

  /** The page that asks for one more proof; `wait` is as in login. */
  factor: {
    title: 'One more step',
    to: (client: string) => `to sign in to ${client}`,
    code: 'Code from your app',
    hint: 'The six digits that your authenticator app shows for this account now.',
    recoveryCode: 'Recovery code',
    recoveryHint: 'One of those you printed or wrote down. Each is good once.',
    submit: 'Continue',
    busy: 'Checking…',
    changing: 'One moment…',
    ways: { totp: 'Use a code from an app', recovery_code: 'Use a recovery code', passkey: 'Use a passkey' },
    other: 'Use another account',
    lost: 'Lost your phone or your key? A recovery code gets you in.',
    errors: {
      wrong_code: () =>
        'That code is not right. Wait for the next one and type that: each is good once, and only for a short time. '
        + 'If that happens again, see whether the clock of your device sets itself.',
      wrong_mailed_code: () => 'That code is not the one in the latest mail. Check it and try again.',
      mailed_code_ended: () => 'That code is no good any more. Ask for another mail.',
      wrong_recovery_code: () => 'That is no recovery code of yours, or you have used it.',
      clock_off: () =>
        'That code is right, but for another time: the clock of the device with the app is wrong. '
        + 'Have it set the time by itself, then type the code that it shows.',
      too_many_attempts: (wait: string) => `Too many attempts. Please wait ${wait || 'a few minutes'}, or use another way.`,
      temporarily_unavailable: (wait: string) => `This is not possible right now. Please try again in ${wait || 'a moment'}.`,
      factor_removed: () => 'What you chose has been removed meanwhile. Here is what there is now.',
      totp_unreadable: () => 'Your codes cannot be checked here any more. Use another way, or ask the people who run this service.',
      other: (_: string) => 'That did not work. Please try again.',
    },
  },

  addFactor: {
    title: 'Protect your account',
    /** Who asks for it: what is filled in is a group, an application or this place. */
    by: {
      group: (name: string) => `More than a password is required of everybody in this group: ${name}.`,
      client: (name: string) => `More than a password is required by ${name}.`,
      resource: (name: string) => `More than a password is required by ${name}.`,
      request: (name: string) => `More than a password is required by ${name}.`,
    },
    since: (day: string) => `Since ${day}.`,
    about: 'Set up one of these; it takes a minute, and from then on you are asked for it.',
    ways: { totp: 'Set up codes from an app', passkey: 'Set up a passkey' },
  },

  totp: {
    title: 'Set up one-time codes',
    subtitle: 'with an authenticator app on your phone',
    there: 'One-time codes are set up',
    scan: 'Scan this with the app',
    qr: 'QR code with the key',
    here: 'The app is on this device: open it',
    typeIn: 'Or type this key into the app:',
    code: 'Code that the app shows',
    hint: 'Six digits. With it you show that the app has the key.',
    submit: 'Switch on',
  },

  recoveryCodes: {
    title: 'Your recovery codes',
    about: 'Each of them gets you in once, should you lose your phone or your key. Keep them where you keep important papers. '
      + 'They are not shown again.',
    print: 'Print',
    seen: 'They were shown once. If you have not kept them, make new ones on the page of your account.',
    notCopied: 'Copying was not possible. The codes are selected: copy them with your keyboard.',
    submit: 'I have kept them',
  },

  /** One-time codes and recovery codes on the account page. */
  codes: {
    title: 'One-time codes',
    about: 'After your password, type a code that an app on your phone shows. '
      + 'A password that somebody has found out is then not enough.',
    add: 'Set up one-time codes',
    since: (day: string) => `Set up ${day}`,
    used: (day: string) => `Last used ${day}`,
    remove: 'Remove',
    removeSure: 'Your app’s codes are then not good here any more. Recovery codes go with your last second step.',
    removeNow: 'Remove one-time codes',
    recovery: 'Recovery codes',
    left: (n: number) => `Left: ${n}`,
    anew: 'Make new ones',
    anewSure: 'You get ten new codes. Those you have are then not good any more.',
    anewNow: 'Make new recovery codes',
    busy: 'One moment…',
    added: 'One-time codes are set up.',
    removed: 'One-time codes are removed.',
    errors: {
      totp_required: 'You cannot remove them: something you use requires more than a password. Set up a passkey first.',
      totp_there_already: 'One-time codes are set up already, perhaps in another tab. '
        + 'The key you scanned last is not the one that counts.',
    },
  },

  account: {
    /** Where somebody else may go on than who is signed in. */
    tryAnother: 'If you have another account here, use that one.',
    useAnother: 'Use another account',
    continueAs: (name: string) => `Continue as ${name}`,
    title: 'Your account',
    tokens: 'Personal access tokens',
    about: 'With a token a program can identify itself as you, without your password.',
    none: 'You have no tokens.',
    made: (token: string) => `“${token}” is ready`,
    once: 'Copy it now and keep it as you would a password. It is not shown again.',
    value: 'Token',
    copy: 'Copy',
    copied: 'Copied.',
    notCopied: 'Copying was not possible. The token is selected: copy it with your keyboard.',
    created: (day: string) => `Created ${day}`,
    expires: (day: string) => `Expires ${day}`,
    expired: (day: string) => `Expired ${day}`,
    used: (day: string) => `Last used ${day}`,
    unused: 'Never used',
    revoke: 'Revoke',
    keep: 'Keep',
    revokeNamed: (token: string) => `Revoke “${token}”`,
    revokeSure: 'Programs that use this token stop working at once. This cannot be undone.',
    revoking: 'Revoking…',
    revoked: (token: string) => `Revoked: “${token}”. Programs that used it have no access any more.`,
    createTitle: 'New token',
    name: 'Name',
    nameHint: 'So that you recognise it later: “My laptop”, “Nightly report”.',
    may: 'What it may see',
    scopes: {
      openid: 'which account is yours',
      profile: 'your name and username',
      email: 'your email address',
      address: 'your postal address',
      phone: 'your phone number',
      groups: 'your groups',
      'admin.read': 'all that administrators see',
      'admin.write': 'all that administrators see, and change it',
    },
    sees: (scopes: string) => `May see ${scopes}`,
    validFor: 'Valid for',
    create: 'Create token',
    creating: 'Creating…',
    errors: {
      invalid_token_name: () => 'Give the token a name of at most 100 characters.',
      too_many_tokens: () => 'You have as many tokens as there may be. Revoke one that you no longer need.',
      temporarily_unavailable: () => 'This is not possible right now. Please try again in a moment.',
      other: () => 'That did not work. Please try again.',
    },
  },
};

export type OwnMessages = typeof en;
