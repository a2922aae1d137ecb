import type { PasskeyMessages } from './en.ts';

export const de: PasskeyMessages = {
  cancelled: 'Es wurde kein Passkey verwendet. Versuchen Sie es noch einmal oder nehmen Sie einen anderen Weg.',
  failed:
    'Der Browser konnte hier keinen Passkey verwenden. Versuchen Sie es noch einmal oder nehmen Sie einen anderen Weg.',
  exists: 'Auf diesem Gerät gibt es bereits einen Passkey für dieses Konto.',
  passkey_refused: 'Dieser Passkey ließ sich nicht prüfen. Versuchen Sie es noch einmal oder melden Sie sich anders an.',
  passkey_not_verified:
    'Ihr Gerät hat nicht geprüft, ob Sie es sind. Schalten Sie dessen Bildschirmsperre oder PIN ein und versuchen Sie es noch einmal.',
  passkey_unknown:
    'Dieser Passkey ist hier nicht oder nicht mehr bekannt. Nehmen Sie einen anderen oder melden Sie sich anders an.',
  passkey_answered: 'Diese Seite wurde schon verwendet. Versuchen Sie es noch einmal.',
  passkey_may_be_copied:
    'Von diesem Passkey kann es eine Kopie geben, darum zählt er nicht. Melden Sie sich anders an und entfernen Sie ihn aus Ihrem Konto.',
  other: 'Das hat nicht geklappt. Versuchen Sie es noch einmal oder nehmen Sie einen anderen Weg.',
};
