import type { OwnMessages } from './en.ts';

export const fr: OwnMessages = {
  device: {
    title: 'Connecter un appareil',
    subtitle: 'avec le code qu’il affiche',
    code: 'Code de l’appareil',
    care: 'Ne continuez que si vous avez lancé cette demande vous-même, sur votre propre appareil, et s’il affiche le même code. '
      + 'Si quelqu’un vous a envoyé le code, fermez cette page.',
    submit: 'Continuer',
    busy: 'Un instant…',
    errors: {
      unknown_user_code: () =>
        'Aucun appareil n’attend avec ce code. Comparez-le à celui de l’appareil ; s’il est identique, recommencez sur l’appareil.',
      too_many_attempts: (wait) => `Trop de tentatives. Veuillez patienter ${wait || 'quelques minutes'}, puis réessayez.`,
      temporarily_unavailable: (wait) => `C’est impossible pour le moment. Veuillez réessayer dans ${wait || 'un instant'}.`,
      other: () => 'Cela n’a pas fonctionné. Veuillez réessayer.',
    },
  },

  deviceDone: {
    allowed: {
      title: 'Retournez à votre appareil',
      text: (client) => `${client} peut désormais y utiliser votre compte. Vous pouvez fermer cette fenêtre.`,
    },
    denied: {
      title: 'Rien n’a été connecté',
      text: (client) => `${client} ne peut pas utiliser votre compte. Vous pouvez fermer cette fenêtre.`,
    },
  },

  terms: {
    version: (version: string) => `Édition ${version}`,
    text: (client: string) => `Avant de continuer vers ${client}, veuillez lire ceci et l’accepter.`,
    ownText: 'Avant de continuer vers votre compte, veuillez lire ceci et l’accepter.',
    read: 'Lire dans une nouvelle fenêtre',
    accept: 'J’ai lu ceci et je l’accepte.',
    submit: 'Continuer',
    decline: 'Ne pas accepter',
    busy: 'Un instant…',
    note: 'Si vous n’acceptez pas, vous revenez en arrière sans y être connecté.',
    ownNote: 'Si vous n’acceptez pas, vous pouvez seulement vous déconnecter.',
  },

  logout: {
    title: 'Voulez-vous vous déconnecter ?',
    text: 'La prochaine application que vous ouvrirez demandera de nouveau votre mot de passe.',
    asked: (client) => `${client} demande à vous déconnecter.`,
    submit: 'Se déconnecter',
    busy: 'Déconnexion en cours…',
    stay: 'Garder la session ouverte',
    flaws: {
      logout_request_unreadable: 'Une partie de la demande de l’application est illisible : vous resterez donc ici ensuite.',
      logout_hint_invalid: 'La connexion indiquée par l’application n’a pas pu être vérifiée : vous resterez donc ici '
        + 'ensuite.',
      logout_client_missing: 'La demande n’indique pas de quelle application elle vient : vous resterez donc ici ensuite.',
      logout_client_differs: 'L’application a indiqué la connexion d’une autre : vous resterez donc ici ensuite.',
      logout_client_unknown: 'L’application n’est pas connue ici : vous resterez donc ici ensuite.',
      logout_client_disabled: 'L’application a été désactivée ici : vous resterez donc ici ensuite.',
      logout_uri_unregistered: 'L’application voulait vous envoyer à une adresse qui n’est pas enregistrée pour elle : vous '
        + 'resterez donc ici ensuite.',
      other: 'La demande de l’application n’est pas correcte : vous resterez donc ici ensuite.',
    },
  },

  signedOut: {
    title: 'Votre session est fermée',
    again: 'Se reconnecter',
    text: 'La déconnexion est faite. Vous pouvez fermer cette fenêtre.',
  },

  newPassword: {
    title: 'Choisissez un mot de passe',
    must: 'avant de continuer : le vôtre a été choisi par quelqu’un d’autre',
    for: 'Pour',
    label: 'Nouveau mot de passe',
    hint: (min) => `Au moins ${min} caractères. Quelques mots à la suite conviennent bien et se retiennent facilement.`,
    submit: 'Définir le mot de passe',
    busy: 'Enregistrement…',
    errors: {
      password_too_short: (min) => `C’est trop court : il faut au moins ${min} caractères.`,
      password_too_long: () => 'C’est trop long : 1024 octets au plus sont possibles.',
      password_unreadable: () => 'Il contient un caractère qui ne se saisit pas dans tout formulaire. Omettez-le.',
      password_is_name: () => 'Le mot de passe ne peut être ni votre nom d’utilisateur ni votre adresse e-mail.',
      password_common: () => 'Ce mot de passe est parmi ceux que les attaquants essaient en premier. Choisissez-en un autre.',
      password_unchanged: () => 'C’est votre mot de passe actuel. Choisissez-en un autre.',
      wrong_password: () => 'Le mot de passe actuel n’est pas correct.',
      too_many_attempts: (_, wait) => `Trop de tentatives. Veuillez patienter ${wait || 'quelques minutes'}, puis réessayez.`,
      temporarily_unavailable: (_, wait) => `C’est impossible pour le moment. Veuillez réessayer dans ${wait || 'un instant'}.`,
      other: () => 'Cela n’a pas fonctionné. Veuillez réessayer.',
    },
  },

  password: {
    changedAt: (day) => `Modifié le ${day}`,
    change: 'Changer le mot de passe',
    former: 'Mot de passe actuel',
    keep: 'Rester connecté sur les autres appareils et dans les applications',
    changed: 'Votre mot de passe est changé.',
  },

  link: {
    title: 'Un instant',
    reset: 'Choisir un nouveau mot de passe',
    submit: 'Continuer',
    busy: 'Ouverture…',
    bad: 'Ce lien n’est pas valable',
    another: 'Demandez-en un nouveau à la personne qui vous l’a donné.',
    errors: {
      link_unknown: 'L’adresse est incomplète, ou personne ne l’a créée. Copiez-la encore une fois, en entier.',
      link_spent: 'Il a déjà servi, ou il en existe un plus récent.',
      link_expired: 'Il a expiré.',
      reset_elsewhere:
        'Revenez au navigateur où vous l’avez demandé et saisissez-y le code du message. Si c’était ici, le lien a expiré ou a déjà servi.',
      invitation_locked: 'Le code a été faux trop souvent. Demandez une nouvelle invitation.',
      invitation_spent: 'Il est épuisé. Si c’était vous, connectez-vous.',
      other: 'Cela n’a pas fonctionné.',
    },
  },

  forgot: {
    title: 'Mot de passe oublié ?',
    submit: 'Recevoir un message',
    busy: 'Envoi…',
    sent: 'Consultez vos messages',
    look: (minutes: number) =>
      `S’il existe un compte avec une adresse vérifiée, un message avec un code lui a été envoyé. Il est valable ${minutes} minutes.`,
    code: 'Code du message',
    codeHint: 'Six chiffres. Gardez cette page ouverte jusque-là.',
    nothing: 'Pas de message ? Regardez aussi dans les indésirables. Si vous vous connectez par un autre service, comme une université '
      + 'ou Google, vous n’avez pas de mot de passe ici.',
    again: 'Recevoir un autre message',
  },

  signUp: {
    title: 'Demander un compte',
    email: 'Votre adresse e-mail',
    name: 'Votre nom',
    reason: 'Pourquoi vous voulez un compte',
    reasonHint: 'Une phrase pour ceux qui décident. Si votre adresse se passe de décision, le champ peut rester vide.',
    submit: 'Continuer',
    busy: 'Envoi…',
    sent: 'Consultez vos messages',
    look: (address) => `Si ${address} peut avoir un compte, un message y est envoyé : tout de suite, ou après accord.`,
    link: 'Ouvrez son lien dans ce navigateur. Dans un autre, il demande le code du message.',
    nothing: 'Pas de message ? Regardez aussi parmi les indésirables.',
    errors: {
      invalid_email: () => 'Aucun message ne peut être envoyé à cette adresse.',
      too_many_attempts: () => 'Trop de demandes. Réessayez dans une heure.',
    },
  },

  invitation: {
    title: (name) => `Vous êtes invité à ${name}`,
    groups: (names) => `Vous devenez membre de : ${names}.`,
    have: 'J’ai un compte',
    mailed: (address: string) => `Elle a été envoyée à ${address}. Saisissez le code de ce message.`,
    codeHint: 'Six chiffres.',
    orNew: 'Ou créez un nouveau compte :',
    orElsewhere: 'Ou connectez-vous avec un compte que vous avez ailleurs :',
    elsewhere: (upstream, account) =>
      `Connecté avec ${upstream} : ${account}. Ce compte n’est encore à personne ici : dites comment vous voulez vous appeler.`,
    noWay: 'Il n’y a pour le moment aucun moyen de se connecter avec elle. Demandez à la personne qui vous a invité.',
    accepted: 'Vous avez accepté l’invitation.',
    errors: {
      username_taken: 'Ce nom d’utilisateur est déjà pris, ou ressemble trop à un autre. Choisissez-en un autre.',
      username_unfit: 'Cela ne peut pas être un nom d’utilisateur ici : minuscules, chiffres, . _ -, et d’abord une lettre.',
      name_unfit: 'Ce nom ne peut pas être enregistré : omettez les caractères inhabituels.',
      invitation_spent: 'L’invitation est épuisée.',
      link_unknown: 'Cette invitation n’existe plus.',
      link_expired: 'L’invitation a expiré.',
      invitation_for_new: 'L’invitation est pour ceux qui n’ont pas de compte ici. Demandez-en une autre à la personne qui vous a invité.',
      upstream_denied: 'Vous avez annulé là-bas. L’invitation reste valable : choisissez à nouveau.',
      upstream_failed: 'La connexion là-bas n’a pas fonctionné. L’invitation reste valable : réessayez, ou choisissez un autre moyen.',
      upstream_unavailable: 'L’autre côté ne répond pas pour le moment. Réessayez dans un instant, ou choisissez un autre moyen.',
      upstream_other_address: 'L’invitation est pour une adresse précise. Le compte avec lequel vous vous êtes connecté en a une autre, ou '
        + 'elle n’y est pas vérifiée. Connectez-vous là-bas avec le compte de cette adresse, ou choisissez un autre moyen.',
      upstream_other_domain: 'Les nouveaux comptes demandent une adresse vérifiée de certains établissements, et la vôtre n’en est pas. '
        + 'Choisissez un autre moyen, ou demandez à la personne qui vous a invité.',
    },
  },

  adopt: {
    title: 'Un compte d’un atelier',
    about: 'Si vous aviez un compte à un atelier, faites-en une partie de celui-ci : ce que vous avez fait '
      + 'avec est reconnu comme vôtre, et plus personne ne s’y connecte.',
    open: 'Reprendre un compte',
    username: 'Son nom d’utilisateur',
    phrase: 'Sa phrase',
    submit: 'Le reprendre',
    failed: 'Ce compte ne peut pas faire partie du vôtre : vérifiez encore le nom et la phrase.',
    done: 'Le compte fait désormais partie du vôtre.',
  },

  workshop: {
    title: 'Rejoindre l’atelier',
    code: 'Code de l’atelier',
    codeHint: 'Les trois mots affichés dans la salle.',
    joined: 'Vous êtes dans l’atelier.',
    nameTitle: (workshop) => `Bienvenue à ${workshop}`,
    name: 'Comment voulez-vous vous appeler ?',
    nameHint: (prefix) => `Votre nom d’utilisateur commencera par ${prefix}`,
    before: 'Je suis déjà venu ici',
    beforeHint: 'Connectez-vous alors avec votre nom et votre phrase, ou votre clé d’accès.',
    taken: (username) => `${username} est déjà pris, ou ressemble à un nom qui l’est. Celui-ci est libre :`,
    phraseTitle: 'Notez ceci',
    you: 'Votre nom d’utilisateur',
    mended: 'Il est fait de ce que vous avez saisi, avec ce qu’un nom d’utilisateur peut contenir.',
    phrase: 'Votre phrase, qui est votre mot de passe',
    about: 'Vous ne la verrez qu’une fois. Personne ne peut vous l’envoyer : notez-la, ou prenez-la en photo.',
    written: 'J’ai noté les deux',
    go: 'Continuer',
    other: 'Un autre nom',
    orPasskey: 'Ou sans phrase : avec une clé d’accès, vous vous connectez par le verrouillage d’écran de votre appareil.',
    copied: 'Copié',
    errors: {
      workshop_unknown: 'Il n’y a pas d’atelier avec ce code. Vérifiez comment il s’écrit, ou demandez-en un nouveau.',
      workshop_closed: () =>
        'Plus personne ne rejoint cet atelier. Adressez-vous à la personne qui l’anime. Si vous avez un compte, connectez-vous.',
      workshop_full: () => 'Toutes les places de cet atelier sont prises. Adressez-vous à la personne qui l’anime.',
      workshop_ended: (ended) => `Cet atelier s’est terminé le ${ended}.`,
      username_unfit: 'Prenez un nom avec des lettres de a à z, ou des chiffres.',
      phrase_not_written: 'Notez le nom et la phrase, puis cochez la case.',
      other: 'Cela n’a pas fonctionné. Veuillez réessayer.',
    },
    projector: {
      go: (link) => `Allez sur ${link} et saisissez`,
      qr: 'Code QR de l’adresse, avec le code',
      taken: (taken, seats) => `${taken} sur ${seats}`,
      full: 'Toutes les places sont prises.',
      closed: 'Plus personne ne rejoint l’atelier.',
      ended: (ended) => `L’atelier s’est terminé le ${ended}.`,
      away: 'Le nombre est peut-être ancien : le serveur ne répond pas.',
    },
  },

  passkeys: {
    title: 'Clés d’accès',
    about: 'Avec une clé d’accès, vous vous connectez par le verrouillage d’écran de votre appareil ou par une clé de sécurité : '
      + 'pas de mot de passe à saisir, aucun à voler.',
    use: 'Utiliser votre clé d’accès',
    notUsedHere: 'Ce navigateur ne peut pas utiliser de clés d’accès. Prenez-en un autre, ou choisissez un autre moyen.',
    insteadOfPassword: 'Ou sans mot de passe : avec une clé d’accès, vous vous connectez par le verrouillage d’écran de votre appareil.',
    make: 'Créer une clé d’accès',
    offer: 'Vous connecter plus vite la prochaine fois ?',
    later: 'Plus tard',
    add: 'Ajouter une clé d’accès',
    notHere: 'Ce navigateur ne peut pas créer de clés d’accès.',
    synced: 'Sur plusieurs de vos appareils',
    oneDevice: 'Sur un seul appareil',
    change: 'Modifier',
    changeNamed: (passkey) => `Modifier « ${passkey} »`,
    close: 'Fermer',
    changing: 'Un instant…',
    rename: 'Renommer',
    removeNamed: (passkey) => `Retirer « ${passkey} »`,
    removeSure: 'Elle ne vous connectera plus ici. Là où elle est conservée, elle peut rester affichée : supprimez-la aussi là-bas.',
    added: 'Votre clé d’accès est prête : vous pouvez désormais vous connecter avec elle.',
    renamed: 'Elle a son nouveau nom.',
    removed: 'La clé d’accès est retirée.',
    errors: {
      passkey_needs_script: () => 'Pour créer une clé d’accès, le script de cette page doit s’exécuter. Rechargez la page et réessayez.',
      passkey_refused: () => 'Ce que votre appareil a créé n’a pas pu être vérifié ; il n’y a pas de nouvelle clé d’accès. Réessayez.',
      passkey_not_verified: () =>
        'Votre appareil n’a pas vérifié que c’est bien vous. Activez son verrouillage d’écran ou son code, puis réessayez.',
      passkey_not_discoverable: () => 'Votre clé de sécurité n’a plus de place. Retirez-en une clé d’accès, ou prenez-en une autre.',
      passkey_answered: () => 'Cette page a déjà servi. Réessayez.',
      passkey_exists: () => 'Cette clé d’accès existe déjà.',
      too_many_passkeys: () => 'Vous avez autant de clés d’accès que possible. Retirez-en une dont vous n’avez plus besoin.',
      invalid_passkey_name: () => 'Donnez à la clé d’accès un nom de 100 caractères au plus.',
      passkey_required: () => 'Un second facteur vous est demandé, et vous n’en avez pas d’autre. Configurez-en d’abord un autre.',
      last_way_in: () =>
        'Sans elle, vous ne pourriez plus vous connecter. Définissez d’abord un mot de passe ou ajoutez une autre clé d’accès.',
    },
  },

  sessions: {
    title: 'Où votre session est ouverte',
    on: (browser, system) => `${browser} sous ${system}`,
    unknown: 'Navigateur inconnu',
    here: 'Ce navigateur',
    seen: (time) => `Dernière utilisation : ${time}`,
    since: (time) => `Connexion : ${time}`,
    from: (address) => `depuis ${address}`,
    end: 'Déconnecter',
    endNamed: (browser) => `Déconnecter : ${browser}`,
    endOthers: 'Déconnecter partout ailleurs',
    ending: 'Déconnexion…',
    ended: 'La session y est fermée.',
  },

  notSignedIn: {
    title: 'La connexion est annulée',
    text: 'Rien ne s’est passé. Retournez à l’application, ou connectez-vous.',
  },

  contents: 'Sur cette page',

  applications: { title: 'Vos applications' },

  signIns: {
    title: 'Connexions récentes',
    about: 'Si l’une d’elles n’est pas de vous, changez votre mot de passe.',
    signedIn: 'Connexion réussie',
    proven: 'Confirmation par un second facteur',
    account: 'Votre compte',
    more: 'Afficher les précédentes',
    why: {
      wrong_password: 'Mot de passe incorrect',
      wrong_code: 'Code incorrect',
      disabled: 'Entrée refusée : le compte était désactivé',
      expired: 'Entrée refusée : le compte avait expiré',
      other: 'Sans succès',
    },
  },

  allowed: {
    title: 'Ce qui peut utiliser vos données',
    about: 'Les applications qui ont un accès, même quand vous ne les utilisez pas.',
    away: 'Garde cet accès pendant votre absence',
    since: (day) => `Depuis le ${day}`,
    withdraw: 'Retirer',
    withdrawNamed: (client) => `Retirer l’accès de ${client}`,
    withdrawing: 'Retrait en cours…',
    withdrawn: 'L’application n’a plus d’accès. Si vous l’utilisez à nouveau, elle le redemande ou entre comme avant, '
      + 'selon ce que vos administrateurs ont décidé.',
  },

  linked: {
    title: 'Comptes liés',
    about: 'Vous pouvez aussi vous connecter ici avec ces comptes.',
    since: (day) => `Lié le ${day}`,
    last: 'C’est votre seul moyen de connexion : il ne peut pas être délié.',
    link: (name) => `Lier ${name}`,
    unlink: 'Délier',
    unlinkNamed: (name) => `Délier ${name}`,
    busy: 'Un instant…',
    linked: 'Le compte est lié. Vous pouvez désormais vous connecter avec lui.',
    unlinked: 'Le compte est délié.',
    errors: {
      account_taken: () => 'Ce compte ne peut pas être lié : il appartient à quelqu’un d’autre ici, ou vous en avez déjà lié un autre.',
      upstream_denied: () => 'Vous avez annulé là-bas. Rien n’a été lié.',
      upstream_failed: () => 'La connexion là-bas n’a pas fonctionné. Rien n’a été lié.',
      upstream_unavailable: () => 'L’autre côté ne répond pas pour le moment. Veuillez réessayer dans un instant.',
    },
  },

  about: {
    changeEmail: 'Vérifier ou modifier votre adresse e-mail',
    codeSent: 'Un code a été envoyé à :',
    sendCode: 'Y envoyer un code',
    invalidEmail: 'Ce n’est pas une adresse e-mail.',
    title: 'À propos de vous',
    ends: (when) => `Votre compte se termine le ${when}. Pour le garder plus longtemps, adressez-vous aux responsables de ce service.`,
    leaves: (group, when) =>
      `Votre appartenance à ${group} se termine le ${when}. Pour la garder plus longtemps, adressez-vous aux responsables de ce service.`,
    until: (group, when) => `${group} (jusqu’au ${when})`,
    name: 'Nom complet',
    givenName: 'Prénom',
    familyName: 'Nom de famille',
    username: 'Nom d’utilisateur',
    email: 'E-mail',
    verified: 'confirmée',
    groups: 'Groupes',
    language: 'Langue',
    noLanguage: 'Non précisée',
    fixed: 'Le nom d’utilisateur, l’adresse e-mail et les groupes sont fixés par vos administrateurs.',
    change: 'Modifier le nom ou la langue',
    save: 'Enregistrer',
    changed: 'C’est enregistré. Les applications l’apprendront à votre prochaine connexion.',
    invalidName: 'Un nom a 200 caractères au plus.',
  },

  data: {
    title: 'Vos données',
    about: 'Tout ce qui est conservé ici à votre sujet, dans un fichier. Il ne contient ni mot de passe ni secret.',
    download: 'Télécharger en JSON',
  },

  refused: (service) => ({
    title: 'Vous ne pouvez pas utiliser ce service',
    text: `Votre session est ouverte, mais ${service} n’est pas ouvert à votre compte. `
      + 'Demandez à ses responsables de vous y donner accès.',
  }),

  factor: {
    title: 'Encore une étape',
    to: (client) => `pour vous connecter à ${client}`,
    code: 'Code de votre application',
    hint: 'Les six chiffres que votre application d’authentification affiche maintenant pour ce compte.',
    recoveryCode: 'Code de secours',
    recoveryHint: 'L’un de ceux que vous avez imprimés ou notés. Chacun sert une fois.',
    submit: 'Continuer',
    busy: 'Vérification…',
    changing: 'Un instant…',
    ways: {
      totp: 'Utiliser un code d’une application', recovery_code: 'Utiliser un code de secours', passkey: 'Utiliser une clé d’accès',
    },
    other: 'Utiliser un autre compte',
    lost: 'Téléphone ou clé perdus ? Un code de secours suffit.',
    errors: {
      wrong_code: () =>
        'Ce code n’est pas correct. Attendez le suivant et saisissez-le : chacun sert une fois et peu de temps. '
        + 'Si cela se reproduit, vérifiez que l’horloge de votre appareil se règle toute seule.',
      wrong_mailed_code: () => 'Ce n’est pas le code du dernier message. Vérifiez-le et réessayez.',
      mailed_code_ended: () => 'Ce code n’est plus valable. Demandez un autre message.',
      wrong_recovery_code: () => 'Ce n’est pas l’un de vos codes de secours, ou vous l’avez déjà utilisé.',
      clock_off: () =>
        'Ce code est correct, mais pour une autre heure : l’horloge de l’appareil avec l’application est fausse. '
        + 'Laissez-le régler l’heure tout seul, puis saisissez le code qu’il affiche.',
      too_many_attempts: (wait) => `Trop de tentatives. Veuillez patienter ${wait || 'quelques minutes'}, ou choisissez un autre moyen.`,
      temporarily_unavailable: (wait) => `C’est impossible pour le moment. Veuillez réessayer dans ${wait || 'un instant'}.`,
      factor_removed: () => 'Ce que vous aviez choisi a été retiré entre-temps. Voici ce qu’il y a maintenant.',
      totp_unreadable: () => 'Vos codes ne peuvent plus être vérifiés ici. '
        + 'Choisissez un autre moyen, ou demandez aux responsables du service.',
      other: () => 'Cela n’a pas fonctionné. Veuillez réessayer.',
    },
  },

  addFactor: {
    title: 'Protégez votre compte',
    by: {
      group: (name) => `Plus qu’un mot de passe est exigé de tous les membres de ce groupe : ${name}.`,
      client: (name) => `Plus qu’un mot de passe est exigé par ${name}.`,
      resource: (name) => `Plus qu’un mot de passe est exigé par ${name}.`,
      request: (name) => `Plus qu’un mot de passe est exigé par ${name}.`,
    },
    since: (day) => `Depuis le ${day}.`,
    about: 'Configurez l’un de ces moyens ; cela prend une minute, et il vous sera ensuite demandé.',
    ways: { totp: 'Configurer les codes d’une application', passkey: 'Configurer une clé d’accès' },
  },

  totp: {
    title: 'Configurer les codes à usage unique',
    subtitle: 'avec une application d’authentification sur votre téléphone',
    there: 'Les codes à usage unique sont configurés',
    scan: 'Scannez ceci avec l’application',
    qr: 'Code QR avec la clé',
    here: 'L’application est sur cet appareil : l’ouvrir',
    typeIn: 'Ou saisissez cette clé dans l’application :',
    code: 'Code affiché par l’application',
    hint: 'Six chiffres. Ils montrent que l’application a la clé.',
    submit: 'Activer',
  },

  recoveryCodes: {
    title: 'Vos codes de secours',
    about: 'Chacun vous fait entrer une fois, si vous perdez votre téléphone ou votre clé. Gardez-les avec vos papiers importants. '
      + 'Ils ne seront plus affichés.',
    print: 'Imprimer',
    seen: 'Ils ont été affichés une fois. Si vous ne les avez pas gardés, créez-en de nouveaux sur la page de votre compte.',
    notCopied: 'La copie n’a pas été possible. Les codes sont sélectionnés : copiez-les avec votre clavier.',
    submit: 'Je les ai gardés',
  },

  codes: {
    title: 'Codes à usage unique',
    about: 'Après votre mot de passe, saisissez un code qu’une application affiche sur votre téléphone. '
      + 'Un mot de passe que quelqu’un a découvert ne suffit alors plus.',
    add: 'Configurer les codes à usage unique',
    since: (day) => `Configurés le ${day}`,
    used: (day) => `Dernière utilisation le ${day}`,
    remove: 'Retirer',
    removeSure: 'Les codes de votre application ne seront plus valables ici. '
      + 'Avec votre dernière seconde étape partent aussi les codes de secours.',
    removeNow: 'Retirer les codes à usage unique',
    recovery: 'Codes de secours',
    left: (n) => `Restants : ${n}`,
    anew: 'En créer de nouveaux',
    anewSure: 'Vous recevrez dix nouveaux codes. Les anciens ne seront alors plus valables.',
    anewNow: 'Créer de nouveaux codes de secours',
    busy: 'Un instant…',
    added: 'Les codes à usage unique sont configurés.',
    removed: 'Les codes à usage unique sont retirés.',
    errors: {
      totp_required: 'Vous ne pouvez pas les retirer : quelque chose que vous utilisez exige plus qu’un mot de passe. '
        + 'Configurez d’abord une clé d’accès.',
      totp_there_already: 'Les codes à usage unique sont déjà configurés, peut-être dans un autre onglet. '
        + 'La dernière clé scannée ne compte pas.',
    },
  },

  account: {
    tryAnother: 'Si vous avez un autre compte ici, utilisez-le.',
    useAnother: 'Utiliser un autre compte',
    continueAs: (name) => `Continuer : ${name}`,
    title: 'Votre compte',
    tokens: 'Jetons d’accès personnels',
    about: 'Avec un jeton, un programme s’identifie en votre nom, sans votre mot de passe.',
    none: 'Vous n’avez aucun jeton.',
    made: (token) => `« ${token} » est prêt`,
    once: 'Copiez-le maintenant et gardez-le comme un mot de passe. Il ne sera plus affiché.',
    value: 'Jeton',
    copy: 'Copier',
    copied: 'Copié.',
    notCopied: 'La copie n’a pas été possible. Le jeton est sélectionné : copiez-le avec votre clavier.',
    created: (day) => `Créé le ${day}`,
    expires: (day) => `Expire le ${day}`,
    expired: (day) => `Expiré le ${day}`,
    used: (day) => `Dernière utilisation le ${day}`,
    unused: 'Jamais utilisé',
    revoke: 'Révoquer',
    keep: 'Garder',
    revokeNamed: (token) => `Révoquer « ${token} »`,
    revokeSure: 'Les programmes qui utilisent ce jeton cesseront aussitôt de fonctionner. C’est irréversible.',
    revoking: 'Révocation en cours…',
    revoked: (token) => `Révoqué : « ${token} ». Les programmes qui l’utilisaient n’ont plus accès.`,
    createTitle: 'Nouveau jeton',
    name: 'Nom',
    nameHint: 'Pour le reconnaître plus tard : « Mon portable », « Rapport de nuit ».',
    may: 'Ce qu’il peut voir',
    scopes: {
      openid: 'quel compte est le vôtre',
      profile: 'votre nom et votre nom d’utilisateur',
      email: 'votre adresse e-mail',
      address: 'votre adresse postale',
      phone: 'votre numéro de téléphone',
      groups: 'vos groupes',
      'admin.read': 'tout ce que voit l’administration',
      'admin.write': 'tout ce que voit l’administration, et le modifier',
    },
    sees: (scopes) => `Peut voir ${scopes}`,
    validFor: 'Durée de validité',
    create: 'Créer le jeton',
    creating: 'Création en cours…',
    errors: {
      invalid_token_name: () => 'Donnez au jeton un nom de 100 caractères au plus.',
      too_many_tokens: () => 'Vous avez autant de jetons qu’il est permis. Révoquez-en un dont vous n’avez plus besoin.',
      temporarily_unavailable: () => 'C’est impossible pour le moment. Veuillez réessayer dans un instant.',
      other: () => 'Cela n’a pas fonctionné. Veuillez réessayer.',
    },
  },
};
