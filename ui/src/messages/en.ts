/**
 * The pages' words. A text with something to fill in is a function; `name` is what the pages call this place. A name stands at the
 * end of its sentence, at its beginning or behind a colon: it may be long, and no language bends it.
 */
export const en = {
  /** What the language calls itself, for those who look for theirs. */
  language: 'English',
  languages: 'Language',
  back: (client: string) => `Back to ${client}`,
  requestId: 'Request ID',
  getHelp: 'Get help',
  signedInAs: 'Signed in as',
  waited: 'You can try again now.',

  client: {
    from: (client: string) => `From ${client}:`,
    policy: 'Privacy policy',
    tos: 'Terms of service',
    unchecked: 'not checked by anyone here',
    newWindow: 'opens a new window',
  },

  login: {
    title: (client: string) => `Sign in to ${client}`,
    account: (name: string) => `with your account: ${name}`,
    username: 'Username or email address',
    password: 'Password',
    showPassword: 'Show password',
    capsLock: 'Caps Lock is on.',
    submit: 'Sign in',
    busy: 'Signing in…',
    /** Above the name of who is known at this browser. */
    continueAs: 'Continue as',
    notYou: 'Not you?',
    cancel: 'Cancel',
    cancelBusy: 'Going back…',
    forgot: 'Forgot password?',
    sign_up: 'Ask for an account',
    ownAccount: 'to manage your account',
    ended: 'You were signed out meanwhile. Sign in again to go on.',
    passwordSet: 'Your new password counts from now on. Sign in with it.',
    or: 'or',
    withPassword: 'Sign in with a password',
    upstream: (upstream: string) => `Continue with ${upstream}`,
    upstreamBusy: 'One moment…',
    link: (upstream: string, account: string) =>
      `Signed in with ${upstream}: ${account}. That is not connected to an account here yet. `
      + 'Sign in once with your password to connect it.',
    wrongAgain: 'The name may be the wrong one, too. An email address works only if it has been verified here.',
    trouble: 'Trouble signing in?',
    help: 'Ask the people who run this service.',
    /** `wait` is a time such as "30 seconds", or empty. */
    errors: {
      invalid_credentials: () => 'That username and password do not go together. Check both and try again.',
      account_disabled: () => 'This account has been disabled. Ask the people who run this service.',
      account_expired: (_: string, _upstream: string, ended: string) =>
        `This account ended on ${ended}. Ask the people who run this service if you still need it.`,
      workshop_ended: (_: string, workshop: string, ended: string) =>
        `The workshop ${workshop} ended on ${ended}, and this account with it.`,
      too_many_attempts: (wait: string) => `Too many attempts. Please wait ${wait || 'a few minutes'}, then try again.`,
      temporarily_unavailable: (wait: string) =>
        `Signing in is not possible right now. Please try again in ${wait || 'a moment'}.`,
      upstream_denied: (_: string, upstream: string) =>
        `${upstream}: the sign-in was cancelled. Try again, or use your password.`,
      upstream_failed: (_: string, upstream: string) =>
        `${upstream}: the sign-in did not work. Try again, or use your password.`,
      upstream_unavailable: (_: string, upstream: string) =>
        `${upstream} does not answer right now. Try again in a moment, or use your password.`,
      upstream_not_fresh: (_: string, upstream: string) =>
        `${upstream} does not say that you signed in there just now, which is asked for here. Use your password.`,
      upstream_unknown_account: (_: string, upstream: string) =>
        `${upstream}: your account there does not belong to an account here. Ask an administrator to add you.`,
      upstream_account_disabled: (_: string, upstream: string) =>
        `${upstream}: the sign-in worked, but your account here has been disabled. Ask the people who run this service.`,
      upstream_account_expired: (_: string, upstream: string, ended: string) =>
        `${upstream}: the sign-in worked, but your account here ended on ${ended}. `
        + 'Ask the people who run this service if you still need it.',
      other: () => 'That did not work. Please try again.',
    },
  },

  passkey: {
    added: 'Your passkey is ready. Sign in with it.',
    signIn: 'Sign in with a passkey',
    busy: 'Waiting for your passkey…',
  },

  consent: {
    title: (client: string) => `${client} asks to use your account`,
    wants: 'If you allow it, it can:',
    scopes: {
      openid: 'Recognise you when you come back',
      profile: 'See your name and username',
      email: 'See your email address',
      address: 'See your postal address',
      phone: 'See your phone number',
      groups: 'See which groups you are in',
      posix: 'See the number and the folder that you have on shared machines',
      voperson_policy_agreement: 'See which terms of use you have accepted',
      offline_access: 'Keep this access while you are away',
    },
    otherScope: 'Use',
    service: (name: string) => `Use ${name} in your name`,
    allow: 'Allow',
    deny: 'Don’t allow',
    busy: 'One moment…',
    /** Where a device asks. */
    device: 'The request comes from a device that shows this code:',
    deviceCare: 'Allow it only if you started this yourself, on your own device, and it shows the same code.',
    deviceNote: 'It never learns your password. If you don’t allow it, nothing happens on the device.',
    note: 'It never learns your password. If you don’t allow it, you go back to the application without signing in.',
  },

  start: {
    account: 'Your account',
    go: 'Go to the start page',
    title: 'Start from your application',
    text: 'With your account here you sign in to other applications.',
    next: 'Open the application you want to use, and press its sign-in button. It will bring you back here.',
  },

  error: {
    again: 'Try again',
    busy: 'Trying…',
    texts: {
      unknown_client: {
        title: 'This application is not known here',
        text: 'The application that sent you is not registered. Please tell the people who run it, with the request ID below.',
      },
      invalid_redirect_uri: {
        title: 'This application is not set up correctly',
        text: 'It asked to send you on to an address that is not registered for it, so you were not sent there. '
          + 'Please tell the people who run it, with the request ID below.',
      },
      redirect_uri_missing: {
        title: 'This application is not set up correctly',
        text: 'It did not say where to send you back to. Please tell the people who run it, with the request ID below.',
      },
      invalid_request: {
        title: 'This request cannot be used',
        text: 'The application sent something that could not be understood. Go back to it and try once more. '
          + 'If this happens again, tell the people who run it.',
      },
      invalid_request_uri: {
        title: 'This request cannot be read',
        text: 'What the application asks for could not be fetched from where it says that it is. Go back to it and try once '
          + 'more.',
      },
      request_uri_unregistered: {
        title: 'This application is not set up correctly',
        text: 'It keeps what it asks for at an address that is not registered for it. Please tell the people who run it, '
          + 'with the request ID below.',
      },
      request_uri_of_another_client: {
        title: 'This request is not this application’s',
        text: 'It was made by another application, so nothing was done with it. Go back to the application that you want to '
          + 'use and start again.',
      },
      request_expired: {
        title: 'This request has expired',
        text: 'It was open for too long. Go back to the application and start again: it only takes a moment.',
      },
      request_altered: {
        title: 'This link is damaged',
        text: 'Part of the address is missing or was changed. Go back to the application and start again.',
      },
      request_from_another_browser: {
        title: 'This was started in another browser',
        text: 'It can only be finished where it was started. Go back to the application and start again in this browser, '
          + 'with cookies allowed.',
      },
      origin_refused: {
        title: 'This form came from an unexpected place',
        text: 'To keep your account safe it was not accepted. Go back to the application and start again.',
      },
      temporarily_unavailable: {
        title: 'Not available right now',
        text: 'Signing in does not work at the moment. It is nothing you did. Please wait a moment and try again.',
      },
      server_error: {
        title: 'Something went wrong here',
        text: 'It is nothing you did. Go back to the application and try again. '
          + 'If this happens again, tell whoever runs this place the request ID below.',
      },
      access_denied: {
        title: 'You may not use this application',
        text: 'You are signed in, but this application is not open to your account. Ask the people who run it to let you in.',
      },
      expired_token: {
        title: 'The code has expired',
        text: 'The device waited for too long. Start again on the device: it shows a new code.',
      },
      not_found: {
        title: 'There is no page here',
        text: 'The address is wrong, or it is an old one.',
      },
      action_refused: {
        title: 'This page stopped itself',
        text: 'It was told to send your details to an unexpected address, so it shows no form. '
          + 'Please tell whoever runs this place.',
      },
      other: {
        title: 'Something went wrong',
        text: 'Go back to the application and start again. If this happens again, tell whoever runs this place.',
      },
    },
  },
};

/** English is the measure: the type holds every other language complete. */
export type Messages = typeof en;
