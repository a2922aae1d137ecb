import type { Messages } from './index.ts';

export const fr: Messages = {
  back: (client) => `Retour à ${client}`,
  requestId: 'Numéro de la demande',
  signedInAs: 'Connecté en tant que',

  login: {
    title: (client) => `Se connecter à ${client}`,
    account: (name) => `avec votre compte ${name}`,
    username: 'Nom d’utilisateur',
    password: 'Mot de passe',
    showPassword: 'Afficher le mot de passe',
    capsLock: 'Le verrouillage des majuscules est activé.',
    submit: 'Se connecter',
    busy: 'Connexion en cours…',
    help: (name) => `Un problème pour vous connecter ? Adressez-vous aux responsables de ${name}.`,
    errors: {
      invalid_credentials: () => 'Ce nom d’utilisateur et ce mot de passe ne vont pas ensemble. Vérifiez les deux et réessayez.',
      too_many_attempts: (wait) => `Trop de tentatives. Veuillez patienter ${wait || 'quelques minutes'}, puis réessayez.`,
      temporarily_unavailable: (wait) =>
        `La connexion est impossible pour le moment. Veuillez réessayer dans ${wait || 'un instant'}.`,
      other: () => 'Cela n’a pas fonctionné. Veuillez réessayer.',
    },
  },

  consent: {
    title: (client) => `Autoriser ${client} à utiliser votre compte ?`,
    wants: (client) => `${client} pourra :`,
    scopes: {
      openid: 'Vous reconnaître à votre retour',
      profile: 'Voir votre nom et votre nom d’utilisateur',
      email: 'Voir votre adresse e-mail',
      groups: 'Voir les groupes dont vous faites partie',
      offline_access: 'Garder cet accès pendant votre absence',
    },
    otherScope: 'Utiliser',
    allow: 'Autoriser',
    deny: 'Ne pas autoriser',
    busy: 'Un instant…',
    note: (client) => `Votre mot de passe n’est jamais transmis. Sans autorisation, vous revenez à ${client} sans être connecté.`,
  },

  logout: {
    title: (name) => `Se déconnecter de ${name} ?`,
    text: 'La prochaine application que vous ouvrirez demandera de nouveau votre mot de passe.',
    asked: (client) => `${client} demande à vous déconnecter.`,
    submit: 'Se déconnecter',
    busy: 'Déconnexion en cours…',
    stay: 'Rester connecté',
  },

  signedOut: {
    title: 'Vous êtes déconnecté',
    text: (name) => `Votre session ${name} est terminée. Vous pouvez fermer cette fenêtre.`,
  },

  start: {
    title: 'Commencez par votre application',
    text: (name) => `${name} vous connecte à d’autres applications : il n’y a rien à ouvrir sur cette page elle-même.`,
    next: 'Ouvrez l’application que vous voulez utiliser et choisissez « Se connecter ». Elle vous ramènera ici.',
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
        text: 'Elle voulait vous renvoyer à une adresse qui n’est pas enregistrée pour elle ; cela n’a pas été fait. '
          + 'Prévenez ses responsables, avec le numéro de la demande ci-dessous.',
      },
      invalid_request: {
        title: 'Cette demande est inutilisable',
        text: 'L’application a envoyé quelque chose d’incompréhensible. Retournez-y et réessayez. '
          + 'Si cela se reproduit, prévenez ses responsables.',
      },
      request_expired: {
        title: 'Cette connexion a expiré',
        text: 'Elle est restée ouverte trop longtemps. Retournez à l’application et recommencez : cela ne prend qu’un instant.',
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
      action_refused: {
        title: 'Cette page s’est arrêtée d’elle-même',
        text: 'Elle devait envoyer vos informations à une adresse inattendue ; elle n’affiche donc aucun formulaire. '
          + 'Prévenez les responsables de ce site.',
      },
      other: {
        title: 'Quelque chose n’a pas fonctionné',
        text: 'Retournez à l’application et recommencez. Si cela se reproduit, prévenez les responsables de ce site.',
      },
    },
  },
};
