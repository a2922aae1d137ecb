import type { Messages } from './en.ts';

// Within « » and before : ; ? the space is U+00A0, so that no line begins with one of them.
export const fr: Messages = {
  language: 'Français',
  languages: 'Langue',
  back: (client) => `Retour à ${client}`,
  requestId: 'Numéro de la demande',
  getHelp: 'Obtenir de l’aide',
  signedInAs: 'Session ouverte au nom de',
  waited: 'Vous pouvez réessayer maintenant.',

  client: {
    from: (client) => `De ${client} :`,
    policy: 'Politique de confidentialité',
    tos: 'Conditions d’utilisation',
    unchecked: 'vérifiée par personne ici',
    newWindow: 'ouvre une nouvelle fenêtre',
  },

  login: {
    title: (client) => `Se connecter à ${client}`,
    account: (name) => `avec votre compte : ${name}`,
    username: 'Nom d’utilisateur ou adresse e-mail',
    password: 'Mot de passe',
    showPassword: 'Afficher le mot de passe',
    capsLock: 'Le verrouillage des majuscules est activé.',
    submit: 'Se connecter',
    busy: 'Connexion en cours…',
    cancel: 'Annuler',
    cancelBusy: 'Un instant…',
    ownAccount: 'pour gérer votre compte',
    passwordSet: 'Votre nouveau mot de passe est valable dès maintenant. Connectez-vous avec lui.',
    or: 'ou',
    withPassword: 'Se connecter avec un mot de passe',
    upstream: (upstream) => `Continuer avec ${upstream}`,
    upstreamBusy: 'Un instant…',
    link: (upstream, account) =>
      `Connexion avec ${upstream} : ${account}. Ce compte n’est encore relié à aucun compte ici. `
      + 'Connectez-vous une fois avec votre mot de passe pour le relier.',
    wrongAgain: 'Le nom peut être en cause, lui aussi. Une adresse e-mail ne convient que si elle est vérifiée ici.',
    trouble: 'Un problème pour vous connecter ?',
    help: 'Adressez-vous aux responsables de ce service.',
    errors: {
      invalid_credentials: () => 'Ce nom d’utilisateur et ce mot de passe ne vont pas ensemble. Vérifiez les deux et réessayez.',
      too_many_attempts: (wait) => `Trop de tentatives. Veuillez patienter ${wait || 'quelques minutes'}, puis réessayez.`,
      temporarily_unavailable: (wait) =>
        `La connexion est impossible pour le moment. Veuillez réessayer dans ${wait || 'un instant'}.`,
      upstream_denied: (_, upstream) =>
        `${upstream} : la connexion a été annulée. Réessayez ou utilisez votre mot de passe.`,
      upstream_failed: (_, upstream) =>
        `${upstream} : la connexion n’a pas fonctionné. Réessayez ou utilisez votre mot de passe.`,
      upstream_unavailable: (_, upstream) =>
        `${upstream} ne répond pas pour le moment. Réessayez dans un instant ou utilisez votre mot de passe.`,
      upstream_not_fresh: (_, upstream) =>
        `${upstream} ne dit pas que vous venez de vous y connecter, ce qui est exigé ici. Utilisez votre mot de passe.`,
      upstream_unknown_account: (_, upstream) =>
        `${upstream} : votre compte ne correspond à aucun compte ici. Demandez à un administrateur de vous ajouter.`,
      other: () => 'Cela n’a pas fonctionné. Veuillez réessayer.',
    },
  },

  consent: {
    title: (client) => `${client} demande à utiliser votre compte`,
    wants: 'Si vous l’autorisez, l’application pourra :',
    scopes: {
      openid: 'Vous reconnaître à votre retour',
      profile: 'Voir votre nom et votre nom d’utilisateur',
      email: 'Voir votre adresse e-mail',
      address: 'Voir votre adresse postale',
      phone: 'Voir votre numéro de téléphone',
      groups: 'Voir les groupes dont vous faites partie',
      offline_access: 'Garder cet accès pendant votre absence',
    },
    otherScope: 'Utiliser',
    service: (name) => `Utiliser ${name} en votre nom`,
    allow: 'Autoriser',
    deny: 'Ne pas autoriser',
    busy: 'Un instant…',
    device: 'La demande vient d’un appareil qui affiche ce code :',
    deviceCare: 'N’autorisez que si vous l’avez lancée vous-même, sur votre propre appareil, et s’il affiche le même code.',
    deviceNote: 'Votre mot de passe n’est jamais transmis. Sans autorisation, rien ne se passe sur l’appareil.',
    note: 'Votre mot de passe n’est jamais transmis. Sans autorisation, vous revenez à l’application sans connexion.',
  },

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
    submit: 'Continuer',
    busy: 'Ouverture…',
    bad: 'Ce lien n’est pas valable',
    another: 'Demandez-en un nouveau à la personne qui vous l’a donné.',
    errors: {
      link_unknown: 'L’adresse est incomplète, ou personne ne l’a créée. Copiez-la encore une fois, en entier.',
      link_spent: 'Il a déjà servi, ou il en existe un plus récent.',
      link_expired: 'Il a expiré.',
      other: 'Cela n’a pas fonctionné.',
    },
  },

  account: {
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
    createTitle: 'Créer un jeton',
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

  start: {
    go: 'Aller à la page d’accueil',
    title: 'Commencez par votre application',
    text: 'Avec votre compte, vous vous connectez à d’autres applications.',
    next: 'Ouvrez l’application que vous voulez utiliser et choisissez « Se connecter ». Elle vous ramènera ici.',
  },

  error: {
    again: 'Réessayer',
    busy: 'Nouvel essai…',
    texts: {
      unknown_client: {
        title: 'Cette application n’est pas connue ici',
        text: 'L’application qui vous a envoyé n’est pas enregistrée. '
          + 'Prévenez ses responsables, avec le numéro de la demande ci-dessous.',
      },
      invalid_redirect_uri: {
        title: 'Cette application est mal configurée',
        text: 'Elle voulait vous renvoyer à une adresse qui n’est pas enregistrée pour elle ; cela n’a pas été fait. '
          + 'Prévenez ses responsables, avec le numéro de la demande ci-dessous.',
      },
      redirect_uri_missing: {
        title: 'Cette application est mal configurée',
        text: 'Elle n’a pas dit où vous renvoyer. Prévenez ses responsables, avec le numéro de la demande ci-dessous.',
      },
      invalid_request: {
        title: 'Cette demande est inutilisable',
        text: 'L’application a envoyé quelque chose d’incompréhensible. Retournez-y et réessayez. '
          + 'Si cela se reproduit, prévenez ses responsables.',
      },
      invalid_request_uri: {
        title: 'Cette demande est illisible',
        text: 'Ce que demande l’application n’a pas pu être lu là où il devrait se trouver. Retournez à l’application et '
          + 'réessayez.',
      },
      request_uri_unregistered: {
        title: 'Cette application est mal configurée',
        text: 'Ce qu’elle demande se trouve à une adresse qui n’est pas enregistrée pour elle. Prévenez ses responsables, '
          + 'avec le numéro de la demande ci-dessous.',
      },
      request_uri_of_another_client: {
        title: 'Cette demande vient d’une autre application',
        text: 'Rien n’a donc été fait. Retournez à l’application que vous voulez utiliser et recommencez.',
      },
      request_expired: {
        title: 'Cette connexion a expiré',
        text: 'Elle est restée ouverte trop longtemps. Retournez à l’application et recommencez : cela ne prend qu’un instant.',
      },
      request_altered: {
        title: 'Ce lien de connexion est endommagé',
        text: 'Une partie de l’adresse manque ou a été modifiée. Retournez à l’application et recommencez.',
      },
      request_from_another_browser: {
        title: 'Cette connexion a commencé dans un autre navigateur',
        text: 'Elle ne peut être terminée que là où elle a commencé. Retournez à l’application et recommencez '
          + 'dans ce navigateur, avec les cookies autorisés.',
      },
      origin_refused: {
        title: 'Ce formulaire vient d’un endroit inattendu',
        text: 'Pour protéger votre compte, il n’a pas été accepté. Retournez à l’application et recommencez.',
      },
      temporarily_unavailable: {
        title: 'Indisponible pour le moment',
        text: 'La connexion ne fonctionne pas actuellement. Vous n’y êtes pour rien. Patientez un instant et réessayez.',
      },
      server_error: {
        title: 'Quelque chose n’a pas fonctionné ici',
        text: 'Vous n’y êtes pour rien. Retournez à l’application et réessayez. '
          + 'Si cela se reproduit, donnez aux responsables de ce site le numéro de la demande ci-dessous.',
      },
      access_denied: {
        title: 'Vous ne pouvez pas utiliser cette application',
        text: 'Votre session est ouverte, mais cette application n’est pas ouverte à votre compte. '
          + 'Demandez à ses responsables de vous y donner accès.',
      },
      expired_token: {
        title: 'Le code a expiré',
        text: 'L’appareil a attendu trop longtemps. Recommencez sur l’appareil : il affichera un nouveau code.',
      },
      not_found: {
        title: 'Il n’y a pas de page ici',
        text: 'L’adresse est erronée ou n’existe plus.',
      },
      action_refused: {
        title: 'Cette page s’est arrêtée d’elle-même',
        text: 'Elle devait envoyer vos informations à une adresse inattendue ; elle n’affiche donc aucun formulaire. '
          + 'Prévenez les responsables de ce site.',
      },
      other: {
        title: 'Quelque chose n’a pas fonctionné',
        text: 'Retournez à l’application et recommencez. Si cela se reproduit, prévenez les responsables de ce site.',
      },
    },
  },
};
