import type { Messages } from './en.ts';

export const de: Messages = {
  language: 'Deutsch',
  languages: 'Sprache',
  back: (client) => `Zurück zu ${client}`,
  requestId: 'Vorgangsnummer',
  getHelp: 'Hilfe',
  signedInAs: 'Angemeldet als',
  waited: 'Sie können es jetzt noch einmal versuchen.',

  client: {
    from: (client) => `Von ${client}:`,
    policy: 'Datenschutzerklärung',
    tos: 'Nutzungsbedingungen',
    unchecked: 'hier von niemandem geprüft',
    newWindow: 'öffnet ein neues Fenster',
  },

  login: {
    title: (client) => `Anmelden bei ${client}`,
    account: (name) => `mit Ihrem Konto: ${name}`,
    username: 'Benutzername oder E-Mail-Adresse',
    password: 'Passwort',
    showPassword: 'Passwort anzeigen',
    capsLock: 'Die Feststelltaste ist aktiv.',
    submit: 'Anmelden',
    busy: 'Anmeldung läuft …',
    continueAs: 'Weiter als',
    notYou: 'Nicht Sie?',
    cancel: 'Abbrechen',
    cancelBusy: 'Einen Moment …',
    forgot: 'Passwort vergessen?',
    sign_up: 'Ein Konto anfordern',
    ownAccount: 'um Ihr Konto zu verwalten',
    ended: 'Sie wurden inzwischen abgemeldet. Melden Sie sich noch einmal an, um fortzufahren.',
    passwordSet: 'Ihr neues Passwort gilt ab jetzt. Melden Sie sich damit an.',
    or: 'oder',
    withPassword: 'Mit Passwort anmelden',
    upstream: (upstream) => `Weiter mit ${upstream}`,
    upstreamBusy: 'Einen Moment …',
    link: (upstream, account) =>
      `Angemeldet bei ${upstream}: ${account}. Damit ist hier noch kein Konto verbunden. `
      + 'Melden Sie sich einmal mit Ihrem Passwort an, um es zu verbinden.',
    wrongAgain: 'Auch der Name kann der falsche sein. Eine E-Mail-Adresse geht nur, wenn sie hier bestätigt ist.',
    trouble: 'Probleme beim Anmelden?',
    help: 'Wenden Sie sich an die Stelle, die diesen Dienst betreibt.',
    errors: {
      invalid_credentials: () => 'Benutzername und Passwort passen nicht zusammen. Prüfen Sie beides und versuchen Sie es noch einmal.',
      account_disabled: () => 'Dieses Konto ist gesperrt. Wenden Sie sich an die Stelle, die diesen Dienst betreibt.',
      account_expired: (_, _upstream, ended) =>
        `Dieses Konto ist am ${ended} abgelaufen. Wenden Sie sich an die Stelle, die diesen Dienst betreibt, wenn Sie es noch brauchen.`,
      workshop_ended: (_, workshop, ended) => `Der Workshop ${workshop} ist am ${ended} zu Ende gegangen, und mit ihm dieses Konto.`,
      too_many_attempts: (wait) => `Zu viele Versuche. Bitte warten Sie ${wait || 'einige Minuten'} und versuchen Sie es dann noch einmal.`,
      temporarily_unavailable: (wait) =>
        `Die Anmeldung ist gerade nicht möglich. Bitte warten Sie ${wait || 'einen Moment'} und versuchen Sie es noch einmal.`,
      upstream_denied: (_, upstream) =>
        `${upstream}: Die Anmeldung wurde abgebrochen. Versuchen Sie es noch einmal oder verwenden Sie Ihr Passwort.`,
      upstream_failed: (_, upstream) =>
        `${upstream}: Die Anmeldung hat nicht geklappt. Versuchen Sie es noch einmal oder verwenden Sie Ihr Passwort.`,
      upstream_unavailable: (_, upstream) =>
        `${upstream} antwortet gerade nicht. Versuchen Sie es gleich noch einmal oder verwenden Sie Ihr Passwort.`,
      upstream_not_fresh: (_, upstream) =>
        `${upstream} sagt nicht, dass Sie sich dort gerade eben angemeldet haben; das wird hier verlangt. Verwenden Sie Ihr Passwort.`,
      upstream_unknown_account: (_, upstream) =>
        `${upstream}: Zu Ihrem Konto dort gehört hier keines. Bitten Sie die Administration, Sie aufzunehmen.`,
      upstream_account_disabled: (_, upstream) =>
        `${upstream}: Die Anmeldung hat geklappt, aber Ihr Konto hier ist gesperrt. `
        + 'Wenden Sie sich an die Stelle, die diesen Dienst betreibt.',
      upstream_account_expired: (_, upstream, ended) =>
        `${upstream}: Die Anmeldung hat geklappt, aber Ihr Konto hier ist am ${ended} abgelaufen. `
        + 'Wenden Sie sich an die Stelle, die diesen Dienst betreibt, wenn Sie es noch brauchen.',
      other: () => 'Das hat nicht geklappt. Bitte versuchen Sie es noch einmal.',
    },
  },

  passkey: {
    added: 'Ihr Passkey ist bereit. Melden Sie sich damit an.',
    signIn: 'Mit Passkey anmelden',
    busy: 'Warten auf Ihren Passkey …',
  },

  consent: {
    title: (client) => `${client} möchte Ihr Konto verwenden`,
    wants: 'Wenn Sie es erlauben, kann die Anwendung:',
    scopes: {
      openid: 'Sie wiedererkennen',
      profile: 'Ihren Namen und Benutzernamen sehen',
      email: 'Ihre E-Mail-Adresse sehen',
      address: 'Ihre Postanschrift sehen',
      phone: 'Ihre Telefonnummer sehen',
      groups: 'sehen, in welchen Gruppen Sie sind',
      posix: 'sehen, welche Nummer und welchen Ordner Sie auf gemeinsamen Rechnern haben',
      voperson_policy_agreement: 'sehen, welchen Nutzungsbedingungen Sie zugestimmt haben',
      offline_access: 'diesen Zugriff behalten, während Sie nicht da sind',
    },
    otherScope: 'Folgendes verwenden:',
    service: (name) => `${name} in Ihrem Namen verwenden`,
    allow: 'Erlauben',
    deny: 'Nicht erlauben',
    busy: 'Einen Moment …',
    device: 'Die Anfrage kommt von einem Gerät, das diesen Code zeigt:',
    deviceCare: 'Erlauben Sie es nur, wenn Sie dies selbst auf Ihrem eigenen Gerät begonnen haben und es denselben Code zeigt.',
    deviceNote: 'Ihr Passwort wird nicht weitergegeben. Ohne Erlaubnis geschieht auf dem Gerät nichts.',
    note: 'Ihr Passwort wird nicht weitergegeben. Ohne Erlaubnis kehren Sie zur Anwendung zurück, ohne angemeldet zu sein.',
  },

  start: {
    account: 'Ihr Konto',
    go: 'Zur Startseite',
    title: 'Beginnen Sie in Ihrer Anwendung',
    text: 'Mit Ihrem Konto melden Sie sich bei anderen Anwendungen an.',
    next: 'Öffnen Sie die gewünschte Anwendung und wählen Sie dort „Anmelden“. Sie kommen dann hierher zurück.',
  },

  error: {
    again: 'Noch einmal versuchen',
    busy: 'Wird versucht …',
    texts: {
      unknown_client: {
        title: 'Diese Anwendung ist hier nicht bekannt',
        text: 'Die Anwendung, von der Sie kommen, ist nicht registriert. Bitte sagen Sie es denen, die sie betreiben, '
          + 'und nennen Sie die Vorgangsnummer unten.',
      },
      invalid_redirect_uri: {
        title: 'Diese Anwendung ist nicht richtig eingerichtet',
        text: 'Sie wollte Sie an eine Adresse weiterleiten, die nicht für sie registriert ist; das ist nicht geschehen. '
          + 'Bitte sagen Sie es denen, die sie betreiben, und nennen Sie die Vorgangsnummer unten.',
      },
      redirect_uri_missing: {
        title: 'Diese Anwendung ist nicht richtig eingerichtet',
        text: 'Sie hat nicht gesagt, wohin Sie zurück sollen. Bitte sagen Sie es denen, die sie betreiben, und nennen Sie '
          + 'die Vorgangsnummer unten.',
      },
      invalid_request: {
        title: 'Diese Anfrage ist nicht brauchbar',
        text: 'Die Anwendung hat etwas Unverständliches geschickt. Gehen Sie zu ihr zurück und versuchen Sie es noch einmal. '
          + 'Geschieht es wieder, sagen Sie es denen, die sie betreiben.',
      },
      invalid_request_uri: {
        title: 'Diese Anfrage lässt sich nicht lesen',
        text: 'Was die Anwendung möchte, ließ sich nicht von dort holen, wo es liegen soll. Gehen Sie zur Anwendung zurück '
          + 'und versuchen Sie es noch einmal.',
      },
      request_uri_unregistered: {
        title: 'Diese Anwendung ist nicht richtig eingerichtet',
        text: 'Was sie möchte, liegt an einer Adresse, die nicht für sie registriert ist. Bitte sagen Sie es denen, die sie '
          + 'betreiben, und nennen Sie die Vorgangsnummer unten.',
      },
      request_uri_of_another_client: {
        title: 'Diese Anfrage ist nicht von dieser Anwendung',
        text: 'Eine andere Anwendung hat sie gestellt; es ist nichts geschehen. Gehen Sie zu der Anwendung zurück, die Sie '
          + 'verwenden möchten, und beginnen Sie neu.',
      },
      request_expired: {
        title: 'Diese Anmeldung ist abgelaufen',
        text: 'Sie war zu lange offen. Gehen Sie zur Anwendung zurück und beginnen Sie neu: Es dauert nur einen Moment.',
      },
      request_altered: {
        title: 'Dieser Anmeldelink ist beschädigt',
        text: 'Ein Teil der Adresse fehlt oder wurde verändert. Gehen Sie zur Anwendung zurück und beginnen Sie neu.',
      },
      request_from_another_browser: {
        title: 'Diese Anmeldung begann in einem anderen Browser',
        text: 'Sie kann nur dort beendet werden, wo sie begonnen wurde. Gehen Sie zur Anwendung zurück und beginnen Sie '
          + 'in diesem Browser neu; Cookies müssen erlaubt sein.',
      },
      origin_refused: {
        title: 'Dieses Formular kam von unerwarteter Stelle',
        text: 'Zum Schutz Ihres Kontos wurde es nicht angenommen. Gehen Sie zur Anwendung zurück und beginnen Sie neu.',
      },
      temporarily_unavailable: {
        title: 'Gerade nicht erreichbar',
        text: 'Die Anmeldung funktioniert im Moment nicht. Es liegt nicht an Ihnen. '
          + 'Bitte warten Sie einen Moment und versuchen Sie es noch einmal.',
      },
      server_error: {
        title: 'Hier ist etwas schiefgegangen',
        text: 'Es liegt nicht an Ihnen. Gehen Sie zur Anwendung zurück und versuchen Sie es noch einmal. '
          + 'Geschieht es wieder, nennen Sie denen, die diese Seite betreiben, die Vorgangsnummer unten.',
      },
      access_denied: {
        title: 'Sie dürfen diese Anwendung nicht verwenden',
        text: 'Sie sind angemeldet, aber diese Anwendung ist für Ihr Konto nicht freigegeben. '
          + 'Bitten Sie die Stelle, die sie betreibt, Ihnen Zugang zu geben.',
      },
      expired_token: {
        title: 'Der Code ist abgelaufen',
        text: 'Das Gerät hat zu lange gewartet. Beginnen Sie auf dem Gerät noch einmal: Es zeigt dann einen neuen Code.',
      },
      not_found: {
        title: 'Hier ist keine Seite',
        text: 'Die Adresse ist falsch oder veraltet.',
      },
      action_refused: {
        title: 'Diese Seite hat sich selbst angehalten',
        text: 'Sie sollte Ihre Angaben an eine unerwartete Adresse schicken und zeigt deshalb kein Formular. '
          + 'Bitte sagen Sie es denen, die diese Seite betreiben.',
      },
      other: {
        title: 'Etwas ist schiefgegangen',
        text: 'Gehen Sie zur Anwendung zurück und beginnen Sie neu. Geschieht es wieder, sagen Sie es denen, die diese Seite betreiben.',
      },
    },
  },
};
