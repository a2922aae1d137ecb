import type { OwnMessages } from './en.ts';

export const de: OwnMessages = {
  device: {
    title: 'Ein Gerät verbinden',
    subtitle: 'mit dem Code, den es Ihnen zeigt',
    code: 'Gerätecode',
    care: 'Fahren Sie nur fort, wenn Sie dies selbst auf Ihrem eigenen Gerät begonnen haben und es denselben Code zeigt. '
      + 'Hat Ihnen jemand den Code geschickt, schließen Sie diese Seite.',
    submit: 'Weiter',
    busy: 'Einen Moment …',
    errors: {
      unknown_user_code: () =>
        'Kein Gerät wartet mit diesem Code. Vergleichen Sie ihn mit dem Gerät; ist er gleich, beginnen Sie dort noch einmal.',
      too_many_attempts: (wait) => `Zu viele Versuche. Bitte warten Sie ${wait || 'einige Minuten'} und versuchen Sie es dann noch einmal.`,
      temporarily_unavailable: (wait) =>
        `Das ist gerade nicht möglich. Bitte warten Sie ${wait || 'einen Moment'} und versuchen Sie es noch einmal.`,
      other: () => 'Das hat nicht geklappt. Bitte versuchen Sie es noch einmal.',
    },
  },

  deviceDone: {
    allowed: {
      title: 'Zurück zu Ihrem Gerät',
      text: (client) => `${client} kann Ihr Konto dort jetzt verwenden. Sie können dieses Fenster schließen.`,
    },
    denied: {
      title: 'Es wurde nichts verbunden',
      text: (client) => `${client} kann Ihr Konto nicht verwenden. Sie können dieses Fenster schließen.`,
    },
  },

  terms: {
    version: (version: string) => `Fassung ${version}`,
    text: (client: string) => `Bevor es zu ${client} weitergeht, lesen Sie dies bitte und stimmen Sie zu.`,
    ownText: 'Bevor es zu Ihrem Konto weitergeht, lesen Sie dies bitte und stimmen Sie zu.',
    read: 'In einem neuen Fenster lesen',
    accept: 'Ich habe dies gelesen und stimme zu.',
    submit: 'Weiter',
    decline: 'Nicht zustimmen',
    busy: 'Einen Moment …',
    note: 'Wenn Sie nicht zustimmen, geht es zurück, ohne dass Sie dort angemeldet sind.',
    ownNote: 'Wenn Sie nicht zustimmen, können Sie sich hier nur abmelden.',
  },

  logout: {
    title: 'Möchten Sie sich abmelden?',
    text: 'Die nächste Anwendung, die Sie öffnen, fragt dann wieder nach Ihrem Passwort.',
    asked: (client) => `${client} möchte Sie abmelden.`,
    submit: 'Abmelden',
    busy: 'Abmeldung läuft …',
    stay: 'Angemeldet bleiben',
    flaws: {
      logout_request_unreadable: 'Etwas in der Anfrage der Anwendung war nicht lesbar, deshalb bleiben Sie danach hier.',
      logout_hint_invalid: 'Die Anmeldung, die die Anwendung nannte, ließ sich nicht prüfen, deshalb bleiben Sie danach '
        + 'hier.',
      logout_client_missing: 'Die Anfrage nennt keine Anwendung, von der sie kommt, deshalb bleiben Sie danach hier.',
      logout_client_differs: 'Die Anwendung nannte die Anmeldung einer anderen, deshalb bleiben Sie danach hier.',
      logout_client_unknown: 'Die Anwendung ist hier nicht bekannt, deshalb bleiben Sie danach hier.',
      logout_client_disabled: 'Die Anwendung ist hier abgeschaltet, deshalb bleiben Sie danach hier.',
      logout_uri_unregistered: 'Die Anwendung wollte Sie an eine Adresse weiterleiten, die für sie nicht eingetragen ist, '
        + 'deshalb bleiben Sie danach hier.',
      other: 'Mit der Anfrage der Anwendung stimmt etwas nicht, deshalb bleiben Sie danach hier.',
    },
  },

  signedOut: {
    title: 'Sie sind abgemeldet',
    again: 'Wieder anmelden',
    text: 'Ihre Sitzung ist beendet. Sie können dieses Fenster schließen.',
  },

  newPassword: {
    title: 'Wählen Sie ein Passwort',
    must: 'bevor es weitergeht: Ihr bisheriges hat jemand anderes gewählt',
    for: 'Für',
    label: 'Neues Passwort',
    hint: (min) => `Mindestens ${min} Zeichen. Ein paar Wörter hintereinander sind gut und leicht zu merken.`,
    submit: 'Passwort setzen',
    busy: 'Wird gesetzt …',
    errors: {
      password_too_short: (min) => `Das ist zu kurz: Es müssen mindestens ${min} Zeichen sein.`,
      password_too_long: () => 'Das ist zu lang: Möglich sind höchstens 1024 Bytes.',
      password_unreadable: () => 'Darin ist ein Zeichen, das sich nicht in jedes Anmeldeformular eingeben lässt. Lassen Sie es weg.',
      password_is_name: () => 'Das Passwort darf weder Ihr Benutzername noch Ihre E-Mail-Adresse sein.',
      password_common: () => 'Dieses Passwort gehört zu denen, die Angreifer zuerst probieren. Wählen Sie ein anderes.',
      password_unchanged: () => 'Das ist Ihr bisheriges Passwort. Wählen Sie ein anderes.',
      wrong_password: () => 'Das bisherige Passwort stimmt nicht.',
      too_many_attempts: (_, wait) =>
        `Zu viele Versuche. Bitte warten Sie ${wait || 'einige Minuten'} und versuchen Sie es dann noch einmal.`,
      temporarily_unavailable: (_, wait) =>
        `Das ist gerade nicht möglich. Bitte versuchen Sie es in ${wait || 'einem Moment'} noch einmal.`,
      other: () => 'Das hat nicht geklappt. Bitte versuchen Sie es noch einmal.',
    },
  },

  password: {
    changedAt: (day) => `Zuletzt geändert am ${day}`,
    change: 'Passwort ändern',
    former: 'Bisheriges Passwort',
    keep: 'Auf anderen Geräten und in Anwendungen angemeldet bleiben',
    changed: 'Ihr Passwort ist geändert.',
  },

  link: {
    title: 'Einen Moment',
    reset: 'Neues Passwort setzen',
    submit: 'Weiter',
    busy: 'Wird geöffnet …',
    bad: 'Dieser Link gilt nicht',
    another: 'Bitten Sie die Person, von der Sie ihn haben, um einen neuen.',
    errors: {
      link_unknown: 'Die Adresse ist unvollständig, oder niemand hat sie erstellt. Kopieren Sie sie noch einmal als Ganzes.',
      link_spent: 'Er wurde schon benutzt, oder es gibt einen neueren.',
      link_expired: 'Er ist abgelaufen.',
      reset_elsewhere:
        'Gehen Sie zurück zu dem Browser, in dem Sie danach verlangt haben, und geben Sie dort den Code aus der Mail ein. '
        + 'War das hier, dann ist der Link abgelaufen oder schon benutzt.',
      invitation_locked: 'Der Code war zu oft falsch. Bitten Sie um eine neue Einladung.',
      invitation_spent: 'Er ist aufgebraucht. Falls Sie das waren, melden Sie sich an.',
      other: 'Das hat nicht geklappt.',
    },
  },

  forgot: {
    title: 'Passwort vergessen?',
    submit: 'Mail anfordern',
    busy: 'Wird gesendet…',
    sent: 'Sehen Sie in Ihre Mail',
    look: (minutes: number) =>
      `Wenn es ein Konto mit einer bestätigten Adresse gibt, ist eine Mail mit einem Code unterwegs dorthin. Er gilt ${minutes} Minuten.`,
    code: 'Code aus der Mail',
    codeHint: 'Sechs Ziffern. Lassen Sie diese Seite offen, bis Sie sie haben.',
    nothing: 'Keine Mail? Sehen Sie auch im Spam nach. Wer sich anderswo anmeldet, etwa bei einer Universität oder bei Google, hat hier '
      + 'kein Passwort.',
    again: 'Noch eine Mail anfordern',
  },

  signUp: {
    title: 'Ein Konto anfordern',
    email: 'Ihre E-Mail-Adresse',
    name: 'Ihr Name',
    reason: 'Wozu Sie ein Konto möchten',
    reasonHint: 'Ein Satz für die, die entscheiden. Braucht Ihre Adresse keine Entscheidung, kann das Feld leer bleiben.',
    submit: 'Weiter',
    busy: 'Wird gesendet…',
    sent: 'Sehen Sie in Ihre Mail',
    look: (address) => `Wenn ${address} ein Konto haben darf, kommt dort eine Mail an: sofort, oder wenn jemand zugestimmt hat.`,
    link: 'Öffnen Sie ihren Link in diesem Browser. In einem anderen fragt er nach dem Code aus der Mail.',
    nothing: 'Keine Mail? Sehen Sie auch unter Spam nach.',
    errors: {
      invalid_email: () => 'An diese Adresse kann keine Mail gesendet werden.',
      too_many_attempts: () => 'Zu viele haben gefragt. Versuchen Sie es in einer Stunde noch einmal.',
    },
  },

  invitation: {
    title: (name) => `Sie sind eingeladen zu ${name}`,
    groups: (names) => `Sie werden Mitglied von: ${names}.`,
    have: 'Ich habe ein Konto',
    mailed: (address: string) => `Sie ging per Mail an ${address}. Geben Sie den Code aus dieser Mail ein.`,
    codeHint: 'Sechs Ziffern.',
    orNew: 'Oder legen Sie ein neues Konto an:',
    orElsewhere: 'Oder melden Sie sich mit einem Konto an, das Sie anderswo haben:',
    elsewhere: (upstream, account) =>
      `Angemeldet mit ${upstream}: ${account}. Dieses Konto gehört hier noch niemandem: Sagen Sie, wie Sie hier heißen möchten.`,
    noWay: 'Damit kann man sich gerade nicht anmelden. Fragen Sie, wer Sie eingeladen hat.',
    accepted: 'Sie haben die Einladung angenommen.',
    errors: {
      username_taken: 'So oder zum Verwechseln ähnlich heißt schon jemand. Wählen Sie einen anderen Benutzernamen.',
      username_unfit: 'Das kann kein Benutzername sein: Nehmen Sie Kleinbuchstaben, Ziffern, . _ - und zuerst einen Buchstaben.',
      name_unfit: 'Dieser Name lässt sich nicht speichern: Lassen Sie ungewöhnliche Zeichen weg.',
      invitation_spent: 'Die Einladung ist aufgebraucht.',
      link_unknown: 'Diese Einladung gibt es nicht mehr.',
      link_expired: 'Die Einladung ist abgelaufen.',
      invitation_for_new: 'Die Einladung ist für Leute, die hier noch kein Konto haben. Bitten Sie dort, wo sie herkam, um eine andere.',
      upstream_denied: 'Sie haben dort abgebrochen. Die Einladung gilt weiter: Wählen Sie noch einmal.',
      upstream_failed: 'Die Anmeldung dort hat nicht geklappt. Die Einladung gilt weiter: noch einmal, oder auf einem anderen Weg.',
      upstream_unavailable: 'Die andere Seite antwortet gerade nicht. Versuchen Sie es gleich noch einmal, oder auf einem anderen Weg.',
      upstream_other_address: 'Die Einladung ist für eine bestimmte Adresse. Das Konto, mit dem Sie sich angemeldet haben, hat eine '
        + 'andere, oder dort wurde sie nicht bestätigt. Melden Sie sich dort mit dem Konto dieser Adresse an, oder wählen Sie '
        + 'einen anderen Weg.',
      upstream_other_domain: 'Neue Konten brauchen eine bestätigte Adresse bestimmter Einrichtungen, und Ihre gehört zu keiner. Wählen Sie '
        + 'einen anderen Weg, oder fragen Sie, wer Sie eingeladen hat.',
    },
  },

  adopt: {
    title: 'Ein Konto von einem Workshop',
    about: 'Wenn Sie bei einem Workshop ein Konto hatten, machen Sie es zu einem Teil von diesem: Was Sie damit '
      + 'getan haben, gilt als Ihres, und niemand meldet sich mehr damit an.',
    open: 'Ein Konto übernehmen',
    username: 'Sein Benutzername',
    phrase: 'Seine vier Wörter',
    submit: 'Übernehmen',
    failed: 'Das ist kein Konto, das ein Teil von Ihrem werden kann: Prüfen Sie den Namen und die vier Wörter noch einmal.',
    done: 'Das Konto ist jetzt ein Teil von Ihrem.',
  },

  workshop: {
    title: 'Am Workshop teilnehmen',
    code: 'Code des Workshops',
    codeHint: 'Die drei Wörter, die im Raum zu sehen sind.',
    joined: 'Sie sind im Workshop.',
    nameTitle: (workshop) => `Willkommen bei ${workshop}`,
    name: 'Wie möchten Sie heißen?',
    nameHint: (prefix) => `Ihr Benutzername beginnt mit ${prefix}`,
    before: 'Ich war schon hier',
    beforeHint: 'Dann melden Sie sich mit Ihrem Namen und Ihren vier Wörtern oder mit Ihrem Passkey an.',
    taken: (username) => `${username} heißt schon jemand, oder jemand heißt fast so. Dieser ist frei:`,
    phraseTitle: 'Schreiben Sie das auf',
    you: 'Ihr Benutzername',
    mended: 'Er ist aus dem gemacht, was Sie eingegeben haben, mit dem, was ein Benutzername haben darf.',
    phrase: 'Ihre vier Wörter, die Ihr Passwort sind',
    about: 'Sie sehen sie nur dieses eine Mal. Niemand kann sie Ihnen schicken: Schreiben Sie sie auf oder fotografieren Sie sie.',
    written: 'Ich habe beides aufgeschrieben',
    go: 'Weiter',
    other: 'Anders heißen',
    orPasskey: 'Oder ohne die Wörter: Mit einem Passkey melden Sie sich mit der Bildschirmsperre Ihres Geräts an.',
    copied: 'Kopiert',
    errors: {
      workshop_unknown: 'Es gibt keinen Workshop mit diesem Code. Sehen Sie nach, wie er geschrieben wird, oder fragen Sie nach.',
      workshop_closed: () => 'Zu diesem Workshop kommt niemand mehr dazu. Fragen Sie, wer ihn leitet. Wer ein Konto hat, meldet sich an.',
      workshop_full: () => 'Alle Plätze dieses Workshops sind vergeben. Fragen Sie, wer ihn leitet.',
      workshop_ended: (ended) => `Dieser Workshop ist am ${ended} zu Ende gegangen.`,
      username_unfit: 'Nehmen Sie einen Namen mit Buchstaben von a bis z oder Ziffern.',
      phrase_not_written: 'Schreiben Sie den Namen und die vier Wörter auf und setzen Sie dann das Häkchen.',
      other: 'Das hat nicht geklappt. Bitte versuchen Sie es noch einmal.',
    },
    projector: {
      go: (link) => `Gehen Sie auf ${link} und geben Sie ein`,
      qr: 'QR-Code der Adresse mit dem Code',
      taken: (taken, seats) => `${taken} von ${seats}`,
      full: 'Alle Plätze sind vergeben.',
      closed: 'Es kommt niemand mehr dazu.',
      ended: (ended) => `Der Workshop ist am ${ended} zu Ende gegangen.`,
      away: 'Die Zahl ist vielleicht alt: Der Server antwortet nicht.',
    },
  },

  passkeys: {
    title: 'Ihre Passkeys',
    about: 'Mit einem Passkey melden Sie sich über die Bildschirmsperre Ihres Geräts oder einen Sicherheitsschlüssel an: '
      + 'Es gibt kein Passwort zu tippen und keines zu stehlen.',
    use: 'Passkey verwenden',
    notUsedHere: 'Dieser Browser kann keine Passkeys verwenden. Nehmen Sie einen anderen Browser oder einen anderen Weg.',
    insteadOfPassword: 'Oder ganz ohne Passwort: Mit einem Passkey melden Sie sich über die Bildschirmsperre Ihres Geräts an.',
    make: 'Passkey erstellen',
    offer: 'Beim nächsten Mal schneller anmelden?',
    later: 'Später',
    add: 'Passkey hinzufügen',
    notHere: 'Dieser Browser kann keine Passkeys erstellen.',
    synced: 'Auf mehreren Ihrer Geräte',
    oneDevice: 'Auf einem Gerät',
    change: 'Ändern',
    changeNamed: (passkey) => `„${passkey}“ ändern`,
    close: 'Schließen',
    changing: 'Einen Moment …',
    rename: 'Umbenennen',
    removeNamed: (passkey) => `„${passkey}“ entfernen`,
    removeSure: 'Sie können sich damit hier dann nicht mehr anmelden. Wo er gespeichert ist, wird er vielleicht weiter angezeigt: '
      + 'Löschen Sie ihn auch dort.',
    added: 'Ihr Passkey ist bereit: Ab jetzt können Sie sich damit anmelden.',
    renamed: 'Er hat seine neue Bezeichnung.',
    removed: 'Der Passkey ist entfernt.',
    errors: {
      passkey_needs_script: () =>
        'Um einen Passkey zu erstellen, muss das Skript dieser Seite laufen. Laden Sie die Seite neu und versuchen Sie es noch einmal.',
      passkey_refused: () =>
        'Was Ihr Gerät erstellt hat, ließ sich nicht prüfen; es gibt keinen neuen Passkey. Versuchen Sie es noch einmal.',
      passkey_not_verified: () =>
        'Ihr Gerät hat nicht geprüft, ob Sie es sind. Schalten Sie dessen Bildschirmsperre oder PIN ein und versuchen Sie es noch einmal.',
      passkey_not_discoverable: () =>
        'Ihr Sicherheitsschlüssel hat keinen Platz mehr. Entfernen Sie dort einen Passkey oder nehmen Sie einen anderen Schlüssel.',
      passkey_answered: () => 'Diese Seite wurde schon verwendet. Versuchen Sie es noch einmal.',
      passkey_exists: () => 'Diesen Passkey gibt es bereits.',
      too_many_passkeys: () => 'Sie haben bereits so viele Passkeys, wie erlaubt sind. Entfernen Sie einen, den Sie nicht mehr brauchen.',
      invalid_passkey_name: () => 'Geben Sie dem Passkey eine Bezeichnung mit höchstens 100 Zeichen.',
      passkey_required: () =>
        'Etwas, das Sie nutzen, verlangt einen zweiten Faktor, und Sie haben keinen anderen. '
        + 'Richten Sie erst einen ein.',
      last_way_in: () =>
        'Ohne ihn könnten Sie sich nicht mehr anmelden. Setzen Sie erst ein Passwort oder fügen Sie einen weiteren Passkey hinzu.',
    },
  },

  sessions: {
    title: 'Wo Sie angemeldet sind',
    on: (browser, system) => `${browser} unter ${system}`,
    unknown: 'Unbekannter Browser',
    here: 'Dieser Browser',
    seen: (time) => `Zuletzt verwendet: ${time}`,
    since: (time) => `Angemeldet: ${time}`,
    from: (address) => `von ${address}`,
    end: 'Abmelden',
    endNamed: (browser) => `Abmelden: ${browser}`,
    endOthers: 'Überall sonst abmelden',
    ending: 'Wird abgemeldet …',
    ended: 'Dort sind Sie abgemeldet.',
  },

  notSignedIn: {
    title: 'Sie haben sich nicht angemeldet',
    text: 'Es ist nichts geschehen. Kehren Sie zur Anwendung zurück, oder melden Sie sich doch noch an.',
  },

  contents: 'Auf dieser Seite',

  applications: { title: 'Ihre Anwendungen' },

  signIns: {
    title: 'Letzte Anmeldungen',
    about: 'Wenn eine davon nicht von Ihnen ist, ändern Sie Ihr Passwort.',
    signedIn: 'Angemeldet',
    proven: 'Mit einem zweiten Faktor bestätigt',
    account: 'Ihr Konto',
    more: 'Frühere anzeigen',
    why: {
      wrong_password: 'Falsches Passwort',
      wrong_code: 'Falscher Code',
      disabled: 'Nicht eingelassen: Das Konto war gesperrt',
      expired: 'Nicht eingelassen: Das Konto war abgelaufen',
      other: 'Nicht gelungen',
    },
  },

  allowed: {
    title: 'Was Ihre Daten nutzen darf',
    about: 'Anwendungen, die Zugriff haben, auch während Sie sie nicht benutzen.',
    away: 'Behält diesen Zugriff, während Sie nicht da sind',
    since: (day) => `Seit ${day}`,
    withdraw: 'Entziehen',
    withdrawNamed: (client) => `Zugriff entziehen: ${client}`,
    withdrawing: 'Wird entzogen …',
    withdrawn: 'Der Zugriff ist entzogen. Wenn Sie die Anwendung wieder benutzen, fragt sie erneut oder kommt wie bisher hinein, '
      + 'je nachdem, was Ihre Verwaltung entschieden hat.',
  },

  linked: {
    title: 'Verknüpfte Konten',
    about: 'Auch mit diesen Konten können Sie sich hier anmelden.',
    since: (day) => `Verknüpft am ${day}`,
    last: 'Ihr einziger Weg, sich anzumelden: Deshalb lässt sich die Verknüpfung nicht lösen.',
    link: (name) => `${name} verknüpfen`,
    unlink: 'Lösen',
    unlinkNamed: (name) => `Verknüpfung lösen: ${name}`,
    busy: 'Einen Moment …',
    linked: 'Das Konto ist verknüpft. Ab jetzt können Sie sich damit anmelden.',
    unlinked: 'Die Verknüpfung ist gelöst.',
    errors: {
      account_taken: () => 'Dieses Konto lässt sich nicht verknüpfen: Es gehört jemand anderem, oder Sie haben schon ein anderes von dort.',
      upstream_denied: () => 'Sie haben dort abgebrochen. Es wurde nichts verknüpft.',
      upstream_failed: () => 'Die Anmeldung dort hat nicht geklappt. Es wurde nichts verknüpft.',
      upstream_unavailable: () => 'Die andere Seite antwortet gerade nicht. Bitte versuchen Sie es gleich noch einmal.',
    },
  },

  about: {
    changeEmail: 'E-Mail-Adresse bestätigen oder ändern',
    codeSent: 'Ein Code ist unterwegs an:',
    sendCode: 'Code dorthin senden',
    invalidEmail: 'Das ist keine E-Mail-Adresse.',
    title: 'Über Sie',
    ends: (when) => `Ihr Konto endet am ${when}. Wenden Sie sich an die Stelle, die diesen Dienst betreibt, wenn Sie es länger brauchen.`,
    leaves: (group, when) =>
      `Ihre Mitgliedschaft in ${group} endet am ${when}. Wenden Sie sich an die Betreiber, wenn Sie sie länger brauchen.`,
    until: (group, when) => `${group} (bis ${when})`,
    name: 'Voller Name',
    givenName: 'Vorname',
    familyName: 'Nachname',
    username: 'Benutzername',
    email: 'E-Mail',
    verified: 'bestätigt',
    groups: 'Gruppen',
    language: 'Sprache',
    noLanguage: 'Keine Angabe',
    fixed: 'Benutzername, E-Mail-Adresse und Gruppen legt Ihre Verwaltung fest.',
    change: 'Name oder Sprache ändern',
    save: 'Speichern',
    changed: 'Das ist gespeichert. Anwendungen erfahren es, wenn Sie sich dort das nächste Mal anmelden.',
    invalidName: 'Ein Name hat höchstens 200 Zeichen.',
  },

  data: {
    title: 'Ihre Daten',
    about: 'Alles, was hier über Sie gespeichert ist, als Datei für Sie oder für Programme. Passwörter und Geheimnisse sind nicht darin.',
    download: 'Als JSON herunterladen',
  },

  refused: (service) => ({
    title: 'Sie dürfen diesen Dienst nicht verwenden',
    text: `Sie sind angemeldet, aber ${service} ist für Ihr Konto nicht freigegeben. `
      + 'Bitten Sie die Stelle, die den Dienst betreibt, Ihnen Zugang zu geben.',
  }),

  factor: {
    title: 'Noch ein Schritt',
    to: (client) => `zur Anmeldung bei ${client}`,
    code: 'Code aus Ihrer App',
    hint: 'Die sechs Ziffern, die Ihre Authenticator-App jetzt für dieses Konto zeigt.',
    recoveryCode: 'Wiederherstellungscode',
    recoveryHint: 'Einer von denen, die Sie gedruckt oder notiert haben. Jeder gilt einmal.',
    submit: 'Weiter',
    busy: 'Wird geprüft …',
    changing: 'Einen Moment …',
    ways: { totp: 'Code aus einer App verwenden', recovery_code: 'Wiederherstellungscode verwenden', passkey: 'Passkey verwenden' },
    other: 'Anderes Konto verwenden',
    lost: 'Telefon oder Schlüssel verloren? Ein Wiederherstellungscode hilft.',
    errors: {
      wrong_code: () =>
        'Dieser Code stimmt nicht. Warten Sie auf den nächsten und geben Sie ihn ein: Jeder gilt einmal und nur für kurze Zeit. '
        + 'Wenn es wieder nicht geht, sehen Sie nach, ob sich die Uhr Ihres Geräts selbst stellt.',
      wrong_mailed_code: () => 'Das ist nicht der Code aus der letzten Mail. Prüfen Sie ihn und versuchen Sie es noch einmal.',
      mailed_code_ended: () => 'Dieser Code gilt nicht mehr. Fordern Sie eine neue Mail an.',
      wrong_recovery_code: () => 'Das ist keiner Ihrer Wiederherstellungscodes, oder Sie haben ihn schon benutzt.',
      clock_off: () =>
        'Dieser Code stimmt, aber für eine andere Zeit: Die Uhr des Geräts mit der App geht falsch. '
        + 'Lassen Sie es die Zeit selbst stellen und geben Sie dann den Code ein, den es zeigt.',
      too_many_attempts: (wait) => `Zu viele Versuche. Bitte warten Sie ${wait || 'einige Minuten'}, oder wählen Sie einen anderen Weg.`,
      temporarily_unavailable: (wait) => `Das ist gerade nicht möglich. Bitte versuchen Sie es in ${wait || 'einem Moment'} noch einmal.`,
      factor_removed: () => 'Was Sie gewählt haben, wurde inzwischen entfernt. Das gibt es jetzt.',
      totp_unreadable: () => 'Ihre Codes lassen sich hier nicht mehr prüfen. Wählen Sie einen anderen Weg, oder fragen Sie die Betreiber.',
      other: () => 'Das hat nicht geklappt. Bitte versuchen Sie es noch einmal.',
    },
  },

  addFactor: {
    title: 'Schützen Sie Ihr Konto',
    by: {
      group: (name) => `Von allen in dieser Gruppe wird mehr als ein Passwort verlangt: ${name}.`,
      client: (name) => `Mehr als ein Passwort verlangt ${name}.`,
      resource: (name) => `Mehr als ein Passwort verlangt ${name}.`,
      request: (name) => `Mehr als ein Passwort verlangt ${name}.`,
    },
    since: (day) => `Seit dem ${day}.`,
    about: 'Richten Sie eines davon ein; das dauert eine Minute, und von da an werden Sie danach gefragt.',
    ways: { totp: 'Codes aus einer App einrichten', passkey: 'Passkey einrichten' },
  },

  totp: {
    title: 'Einmalcodes einrichten',
    subtitle: 'mit einer Authenticator-App auf Ihrem Telefon',
    there: 'Einmalcodes sind eingerichtet',
    scan: 'Scannen Sie das mit der App',
    qr: 'QR-Code mit dem Schlüssel',
    here: 'Die App ist auf diesem Gerät: öffnen',
    typeIn: 'Oder geben Sie diesen Schlüssel in die App ein:',
    code: 'Code, den die App zeigt',
    hint: 'Sechs Ziffern. Damit zeigen Sie, dass die App den Schlüssel hat.',
    submit: 'Einschalten',
  },

  recoveryCodes: {
    title: 'Ihre Wiederherstellungs\u00ADcodes',
    about: 'Mit jedem kommen Sie einmal hinein, wenn Sie Telefon oder Schlüssel verlieren. Bewahren Sie sie bei Ihren wichtigen '
      + 'Papieren auf. Sie werden nicht noch einmal gezeigt.',
    print: 'Drucken',
    seen: 'Sie wurden einmal gezeigt. Wenn Sie sie nicht aufbewahrt haben, erstellen Sie auf der Seite Ihres Kontos neue.',
    notCopied: 'Kopieren war nicht möglich. Die Codes sind markiert: Kopieren Sie sie mit der Tastatur.',
    submit: 'Ich habe sie aufbewahrt',
  },

  codes: {
    title: 'Einmalcodes',
    about: 'Nach dem Passwort geben Sie einen Code ein, den eine App auf Ihrem Telefon zeigt. '
      + 'Ein Passwort, das jemand herausgefunden hat, reicht dann nicht.',
    add: 'Einmalcodes einrichten',
    since: (day) => `Eingerichtet am ${day}`,
    used: (day) => `Zuletzt verwendet am ${day}`,
    remove: 'Entfernen',
    removeSure: 'Die Codes Ihrer App gelten hier dann nicht mehr. '
      + 'Mit Ihrem letzten zweiten Schritt gehen auch die Wiederherstellungscodes.',
    removeNow: 'Einmalcodes entfernen',
    recovery: 'Wiederherstellungs\u00ADcodes',
    left: (n) => `Übrig: ${n}`,
    anew: 'Neue erstellen',
    anewSure: 'Sie bekommen zehn neue Codes. Die bisherigen gelten dann nicht mehr.',
    anewNow: 'Neue Wiederherstellungscodes erstellen',
    busy: 'Einen Moment …',
    added: 'Einmalcodes sind eingerichtet.',
    removed: 'Einmalcodes sind entfernt.',
    errors: {
      totp_required: 'Sie lassen sich nicht entfernen: Etwas, das Sie verwenden, verlangt mehr als ein Passwort. '
        + 'Richten Sie zuerst einen Passkey ein.',
      totp_there_already: 'Einmalcodes sind schon eingerichtet, vielleicht in einem anderen Tab. '
        + 'Der zuletzt gescannte Schlüssel gilt nicht.',
    },
  },

  account: {
    tryAnother: 'Wenn Sie hier ein anderes Konto haben, verwenden Sie das.',
    useAnother: 'Anderes Konto verwenden',
    continueAs: (name) => `Weiter als ${name}`,
    title: 'Ihr Konto',
    tokens: 'Persönliche Zugangstoken',
    about: 'Mit einem Token weist sich ein Programm in Ihrem Namen aus, ohne Ihr Passwort.',
    none: 'Sie haben keine Token.',
    made: (token) => `„${token}“ ist bereit`,
    once: 'Kopieren Sie das Token jetzt und bewahren Sie es wie ein Passwort auf. Es wird nicht noch einmal angezeigt.',
    value: 'Zugangstoken',
    copy: 'Kopieren',
    copied: 'Kopiert.',
    notCopied: 'Das Kopieren war nicht möglich. Das Token ist markiert: Kopieren Sie es mit der Tastatur.',
    created: (day) => `Erstellt am ${day}`,
    expires: (day) => `Gültig bis ${day}`,
    expired: (day) => `Abgelaufen am ${day}`,
    used: (day) => `Zuletzt verwendet am ${day}`,
    unused: 'Nie verwendet',
    revoke: 'Widerrufen',
    keep: 'Behalten',
    revokeNamed: (token) => `„${token}“ widerrufen`,
    revokeSure: 'Programme mit diesem Token funktionieren dann sofort nicht mehr. Das lässt sich nicht rückgängig machen.',
    revoking: 'Wird widerrufen …',
    revoked: (token) => `Widerrufen: „${token}“. Programme mit diesem Token haben keinen Zugang mehr.`,
    createTitle: 'Neues Token',
    name: 'Bezeichnung',
    nameHint: 'Damit Sie es später wiedererkennen: „Mein Laptop“, „Nächtlicher Bericht“.',
    may: 'Was es sehen darf',
    scopes: {
      openid: 'welches Konto Ihres ist',
      profile: 'Ihren Namen und Benutzernamen',
      email: 'Ihre E-Mail-Adresse',
      address: 'Ihre Postanschrift',
      phone: 'Ihre Telefonnummer',
      groups: 'Ihre Gruppen',
      'admin.read': 'alles, was die Administration sieht',
      'admin.write': 'alles, was die Administration sieht, und es ändern',
    },
    sees: (scopes) => `Darf sehen: ${scopes}`,
    validFor: 'Gültigkeit',
    create: 'Token erstellen',
    creating: 'Wird erstellt …',
    errors: {
      invalid_token_name: () => 'Geben Sie dem Token eine Bezeichnung mit höchstens 100 Zeichen.',
      too_many_tokens: () => 'Sie haben bereits so viele Token, wie erlaubt sind. Widerrufen Sie eines, das Sie nicht mehr brauchen.',
      temporarily_unavailable: () => 'Das ist gerade nicht möglich. Bitte versuchen Sie es gleich noch einmal.',
      other: () => 'Das hat nicht geklappt. Bitte versuchen Sie es noch einmal.',
    },
  },
};
