/** Plain English: what it is, what to do. */
export const en = {
  title: 'Administration',
  menu: 'Menu',
  sections: 'Sections',
  signOut: 'Sign out',
  account: 'Your account',
  signedInAs: (name: string) => `Signed in as ${name}`,
  languages: 'Language',
  skip: 'Skip to the content',
  loading: 'Loading…',
  more: 'More',
  copy: 'Copy',
  copied: 'Copied.',
  cancel: 'Cancel',
  save: 'Save',
  working: 'One moment…',
  saved: 'Saved.',
  never: 'never',
  none: 'none',
  yes: 'Yes',
  no: 'No',
  found: (n: number) => (n === 1 ? '1 found' : `${n} found`),
  foundMore: (n: number) => `${n} shown, there are more`,
  nothingFound: 'Nothing found',
  searchKey: 'The key / comes here; arrow keys walk through the list, Enter opens.',

  pages: {
    people: 'People',
    groups: 'Groups',
    applications: 'Applications',
    doors: 'Doors',
    services: 'Services',
    signIns: 'Sign-ins',
    changes: 'Changes',
    health: 'Health',
    appearance: 'Appearance',
  },

  notFound: { title: 'There is no such page', text: 'The address is wrong, or it is an old one.' },

  noWay: {
    off: {
      title: 'The admin API is off',
      text: 'These pages show and change what the admin API lets them. It is off until a group is named whose members may use it: set '
        + 'this in the environment of gatehouse serve, start it again, and reload this page.',
    },
    unregistered: {
      title: 'These pages are not registered yet',
      text: 'They are a client like any other application. Register it where gatehouse runs, then reload this page.',
    },
    insecure: {
      title: 'This address is not secure',
      text: 'Browsers make no keys on pages without https, other than those of localhost. Open the address with https.',
    },
    unreachable: {
      title: 'The API does not answer',
      text: 'The server cannot be reached at the moment, or this browser is offline.',
    },
    refused: {
      title: 'The sign-in was refused',
      text: 'The API did not let you in. What it said:',
    },
    stale: {
      title: 'The sign-in took too long',
      text: 'The code that you came back with is not good any more. Sign in once more; nothing is lost.',
    },
    forbidden: {
      title: 'You administer nothing here',
      text: 'You are signed in, but in none of the groups that administer. Who does can add you to one of them; then sign in again.',
    },
    again: 'Try again',
    anew: 'Sign in again',
  },

  problem: {
    unreachable: 'The API does not answer. What you typed is still here: try again.',
    server_error: 'Something went wrong on the server. Its log has more under this request ID:',
    temporarily_unavailable: 'The server has no time for this at the moment. Try again in a moment.',
    not_found: 'It is not there, or not any more.',
    changed_meanwhile: 'Somebody changed it meanwhile.',
    requestID: 'Request ID',
  },

  time: {
    now: 'just now',
  },

  people: {
    search: 'Search people by username, name or address',
    add: 'Person',
    none: 'There is nobody yet.',
    disabled: 'Shut out',
    noPassword: 'No password',
    mustChange: 'New password due',
    lastSignIn: (when: string) => `Signed in ${when}`,
    neverSignedIn: 'Never signed in',
    moreGroups: (n: number) => `and ${n} more`,
    passkey: 'Passkey',
    totp: 'One-time codes',
  },
};

/** English is the measure: the type holds every other language complete. */
export type Messages = typeof en;
