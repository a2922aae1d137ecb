import type { PasskeyMessages } from './en.ts';

export const fr: PasskeyMessages = {
  cancelled: 'Aucune clé d’accès n’a été utilisée. Réessayez ou choisissez un autre moyen.',
  failed: 'Le navigateur n’a pas pu utiliser de clé d’accès ici. Réessayez ou choisissez un autre moyen.',
  exists: 'Cet appareil a déjà une clé d’accès pour ce compte.',
  passkey_refused: 'Cette clé d’accès n’a pas pu être vérifiée. Réessayez ou connectez-vous autrement.',
  passkey_not_verified:
    'Votre appareil n’a pas vérifié que c’est bien vous. Activez son verrouillage d’écran ou son code, puis réessayez.',
  passkey_unknown:
    'Cette clé d’accès n’est pas connue ici, ou ne l’est plus. Prenez-en une autre ou connectez-vous autrement.',
  passkey_answered: 'Cette page a déjà servi. Réessayez.',
  passkey_may_be_copied:
    'Il existe peut-être une copie de cette clé d’accès : elle ne compte donc pas. '
    + 'Connectez-vous autrement, puis retirez-la de votre compte.',
  other: 'Cela n’a pas fonctionné. Réessayez ou choisissez un autre moyen.',
};
