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
    continueAs: 'Continuer avec le compte',
    notYou: 'Ce n’est pas vous ?',
    cancel: 'Annuler',
    cancelBusy: 'Un instant…',
    forgot: 'Mot de passe oublié ?',
    sign_up: 'Demander un compte',
    ownAccount: 'pour gérer votre compte',
    ended: 'Votre session s’est terminée entre-temps. Connectez-vous à nouveau pour continuer.',
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
      account_disabled: () => 'Ce compte a été désactivé. Adressez-vous aux responsables de ce service.',
      account_expired: (_, _upstream, ended) =>
        `Ce compte a expiré le ${ended}. Adressez-vous aux responsables de ce service si vous en avez encore besoin.`,
      workshop_ended: (_, workshop, ended) => `L’atelier ${workshop} s’est terminé le ${ended}, et ce compte avec lui.`,
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
      upstream_account_disabled: (_, upstream) =>
        `${upstream} : la connexion a réussi, mais votre compte ici a été désactivé. Adressez-vous aux responsables de ce service.`,
      upstream_account_expired: (_, upstream, ended) =>
        `${upstream} : la connexion a réussi, mais votre compte ici a expiré le ${ended}. `
        + 'Adressez-vous aux responsables de ce service si vous en avez encore besoin.',
      other: () => 'Cela n’a pas fonctionné. Veuillez réessayer.',
    },
  },

  passkey: {
    added: 'Votre clé d’accès est prête. Connectez-vous avec elle.',
    signIn: 'Se connecter avec une clé d’accès',
    busy: 'En attente de votre clé d’accès…',
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
      posix: 'Voir votre numéro et votre dossier sur les machines partagées',
      voperson_policy_agreement: 'Voir les conditions d’utilisation que vous avez acceptées',
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

  start: {
    account: 'Votre compte',
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
