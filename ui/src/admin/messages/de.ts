import type { Messages } from './en.ts';

export const de: Messages = {
  title: 'Verwaltung',
  menu: 'Menü',
  sections: 'Bereiche',
  signOut: 'Abmelden',
  account: 'Ihr Konto',
  signedInAs: (name) => `Angemeldet als ${name}`,
  languages: 'Sprache',
  skip: 'Zum Inhalt springen',
  loading: 'Wird geladen …',
  more: 'Mehr',
  copy: 'Kopieren',
  copied: 'Kopiert.',
  cancel: 'Abbrechen',
  save: 'Speichern',
  working: 'Einen Moment …',
  saved: 'Gespeichert.',
  never: 'nie',
  none: 'keine',
  yes: 'Ja',
  no: 'Nein',
  found: (n) => `${n} gefunden`,
  foundMore: (n) => `${n} angezeigt, es gibt weitere`,
  nothingFound: 'Nichts gefunden',
  searchKey: 'Die Taste / führt hierher; Pfeiltasten gehen durch die Liste, die Eingabetaste öffnet.',

  pages: {
    people: 'Personen',
    groups: 'Gruppen',
    applications: 'Anwendungen',
    doors: 'Türen',
    services: 'Dienste',
    signIns: 'Anmeldungen',
    changes: 'Änderungen',
    health: 'Zustand',
    appearance: 'Aussehen',
  },

  notFound: { title: 'Diese Seite gibt es nicht', text: 'Die Adresse ist falsch oder veraltet.' },

  noWay: {
    off: {
      title: 'Die Verwaltungs-API ist aus',
      text: 'Diese Seiten zeigen und ändern, was die Verwaltungs-API zulässt. Sie ist aus, bis eine Gruppe genannt ist, deren Mitglieder '
        + 'sie verwenden dürfen: Setzen Sie dies in der Umgebung von gatehouse serve, starten Sie es neu und laden Sie diese Seite neu.',
    },
    unregistered: {
      title: 'Diese Seiten sind noch nicht registriert',
      text: 'Sie sind ein Client wie jede andere Anwendung. Registrieren Sie ihn dort, wo gatehouse läuft, und laden Sie diese Seite neu.',
    },
    insecure: {
      title: 'Diese Adresse ist nicht sicher',
      text: 'Ohne https erzeugen Browser keine Schlüssel, außer auf localhost. Öffnen Sie die Adresse mit https.',
    },
    unreachable: {
      title: 'Die API antwortet nicht',
      text: 'Der Server ist im Moment nicht erreichbar, oder dieser Browser ist offline.',
    },
    refused: {
      title: 'Die Anmeldung wurde abgelehnt',
      text: 'Die API hat Sie nicht eingelassen. Sie sagt dazu:',
    },
    stale: {
      title: 'Die Anmeldung hat zu lange gedauert',
      text: 'Der Code, mit dem Sie zurückgekommen sind, gilt nicht mehr. Melden Sie sich noch einmal an; nichts geht verloren.',
    },
    forbidden: {
      title: 'Sie verwalten hier nichts',
      text: 'Sie sind angemeldet, aber in keiner der Gruppen, die verwalten. Wer verwaltet, kann Sie in eine aufnehmen; melden Sie sich '
        + 'danach noch einmal an.',
    },
    again: 'Noch einmal versuchen',
    anew: 'Noch einmal anmelden',
  },

  problem: {
    unreachable: 'Die API antwortet nicht. Was Sie eingegeben haben, ist noch da: Versuchen Sie es noch einmal.',
    server_error: 'Auf dem Server ist etwas schiefgegangen. Im Protokoll steht mehr unter dieser Vorgangsnummer:',
    temporarily_unavailable: 'Der Server hat dafür gerade keine Zeit. Versuchen Sie es gleich noch einmal.',
    not_found: 'Das gibt es nicht oder nicht mehr.',
    changed_meanwhile: 'Jemand hat es inzwischen geändert.',
    requestID: 'Vorgangsnummer',
  },

  time: {
    now: 'gerade eben',
  },

  people: {
    search: 'Personen nach Benutzername, Name oder Adresse suchen',
    add: 'Person hinzufügen',
    none: 'Es gibt noch niemanden.',
    disabled: 'Gesperrt',
    noPassword: 'Kein Passwort',
    mustChange: 'Neues Passwort fällig',
    lastSignIn: (when) => `Angemeldet ${when}`,
    neverSignedIn: 'Nie angemeldet',
    moreGroups: (n) => `und ${n} weitere`,
    passkey: 'Zugangs\u00ADschlüssel',
    totp: 'Einmalcodes',
  },
};
