import type { Messages } from './en.ts';

export const fr: Messages = {
  title: 'Administration',
  menu: 'Menu',
  sections: 'Rubriques',
  signOut: 'Se déconnecter',
  account: 'Votre compte',
  signedInAs: (name) => `Session de ${name}`,
  languages: 'Langue',
  skip: 'Aller au contenu',
  loading: 'Chargement…',
  more: 'Suite',
  copy: 'Copier',
  copied: 'Copié.',
  cancel: 'Annuler',
  save: 'Enregistrer',
  working: 'Un instant…',
  saved: 'Enregistré.',
  never: 'jamais',
  none: 'aucun',
  yes: 'Oui',
  no: 'Non',
  found: (n) => (n < 2 ? `${n} résultat` : `${n} résultats`),
  foundMore: (n) => `${n} affichés, il y en a d’autres`,
  nothingFound: 'Aucun résultat',
  searchKey: 'La touche / mène ici ; les flèches parcourent la liste, Entrée ouvre.',

  pages: {
    people: 'Personnes',
    groups: 'Groupes',
    applications: 'Applications',
    doors: 'Portes',
    services: 'Services',
    signIns: 'Connexions',
    changes: 'Modifications',
    health: 'État',
    appearance: 'Apparence',
  },

  notFound: { title: 'Cette page n’existe pas', text: 'L’adresse est fausse ou ancienne.' },

  noWay: {
    off: {
      title: 'L’API d’administration est désactivée',
      text: 'Ces pages montrent et modifient ce que permet l’API d’administration. Elle est désactivée tant qu’aucun groupe n’est désigné '
        + 'pour l’utiliser : définissez ceci dans l’environnement de gatehouse serve, redémarrez-le, puis rechargez cette page.',
    },
    unregistered: {
      title: 'Ces pages ne sont pas encore enregistrées',
      text: 'Elles sont un client comme toute autre application. Enregistrez-le là où gatehouse s’exécute, puis rechargez cette page.',
    },
    insecure: {
      title: 'Cette adresse n’est pas sûre',
      text: 'Sans https, les navigateurs ne créent pas de clés, sauf sur localhost. Ouvrez l’adresse avec https.',
    },
    unreachable: {
      title: 'L’API ne répond pas',
      text: 'Le serveur est injoignable pour le moment, ou ce navigateur est hors ligne.',
    },
    refused: {
      title: 'La connexion a été refusée',
      text: 'L’API ne vous a pas laissé entrer. Elle indique :',
    },
    stale: {
      title: 'La connexion a pris trop de temps',
      text: 'Le code avec lequel vous êtes revenu n’est plus valable. Connectez-vous encore une fois ; rien n’est perdu.',
    },
    forbidden: {
      title: 'Vous n’administrez rien ici',
      text: 'Vous avez une session, mais aucun des groupes qui administrent ne vous compte parmi ses membres. Demandez à y être ajouté, '
        + 'puis connectez-vous à nouveau.',
    },
    again: 'Réessayer',
    anew: 'Se connecter à nouveau',
  },

  problem: {
    unreachable: 'L’API ne répond pas. Votre saisie est toujours là : réessayez.',
    server_error: 'Une erreur s’est produite sur le serveur. Son journal en dit plus sous ce numéro de demande :',
    temporarily_unavailable: 'Le serveur n’a pas le temps pour l’instant. Réessayez dans un moment.',
    not_found: 'Cela n’existe pas, ou plus.',
    changed_meanwhile: 'Quelqu’un l’a modifié entre-temps.',
    requestID: 'Numéro de demande',
  },

  time: {
    now: 'à l’instant',
  },

  people: {
    search: 'Chercher par identifiant, nom ou adresse',
    add: 'Ajouter une personne',
    none: 'Il n’y a encore personne.',
    disabled: 'Accès fermé',
    noPassword: 'Sans mot de passe',
    mustChange: 'Mot de passe à changer',
    lastSignIn: (when) => `Connexion ${when}`,
    neverSignedIn: 'Jamais de connexion',
    moreGroups: (n) => (n < 2 ? `et ${n} autre` : `et ${n} autres`),
    passkey: 'Clé d’accès',
    totp: 'Codes à usage unique',
  },
};
