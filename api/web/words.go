package web

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/provider"
)

// words are what the pages of the API say in a language. The titles are those of the UI's pages that they lead to; a test holds
// them to that.
type words struct {
	next, goOn, requestID                string
	oneMoment, back, signingOut, telling string
	forPrograms, toStart                 string
	didNotWork, getHelp                  string
	wait                                 string               // with a time in it, which inWords makes
	units                                map[string][2]string // one, and several
	titles                               map[string]string    // by the code of an error
}

// inLanguage has a line for each language of oidc.UILocales.
var inLanguage = map[string]words{
	"en": {
		next: "This page goes on by itself. If it does not, press “Continue”.", goOn: "Continue", requestID: "Request ID",
		oneMoment: "One moment…", back: "You are on your way back to the application.",
		signingOut: "Signing you out…", telling: "The applications that you used are being told.",
		forPrograms: "The address is wrong, or it is one for programs only.",
		toStart:     "Go to the start page",
		didNotWork:  "That did not work", getHelp: "Get help",
		wait:  "Please wait %s, then try again.",
		units: map[string][2]string{"h": {"hour", "hours"}, "m": {"minute", "minutes"}, "s": {"second", "seconds"}},
		titles: map[string]string{
			"unknown_client":                "This application is not known here",
			"invalid_redirect_uri":          "This application is not set up correctly",
			"invalid_request":               "This request cannot be used",
			"redirect_uri_missing":          "This application is not set up correctly",
			"invalid_request_uri":           "This request cannot be read",
			"request_uri_unregistered":      "This application is not set up correctly",
			"request_uri_of_another_client": "This request is not this application’s",
			"request_expired":               "This request has expired",
			"request_altered":               "This link is damaged",
			"request_from_another_browser":  "This was started in another browser",
			"origin_refused":                "This form came from an unexpected place",
			"temporarily_unavailable":       "Not available right now",
			"server_error":                  "Something went wrong here",
			"access_denied":                 "You may not use this application",
			"expired_token":                 "The code has expired",
			"too_many_attempts":             "Too many attempts",
			"not_found":                     "There is no page here",
		},
	},
	"de": {
		next: "Es geht von selbst weiter. Wenn nicht, drücken Sie „Weiter“.", goOn: "Weiter", requestID: "Vorgangsnummer",
		oneMoment: "Einen Moment …", back: "Sie kehren gerade zur Anwendung zurück.",
		signingOut: "Sie werden abgemeldet …", telling: "Die Anwendungen, die Sie verwendet haben, erfahren es gerade.",
		forPrograms: "Die Adresse ist falsch oder nur für Programme da.", toStart: "Zur Startseite",
		didNotWork: "Das hat nicht geklappt", getHelp: "Hilfe",
		wait:  "Bitte warten Sie %s und versuchen Sie es dann noch einmal.",
		units: map[string][2]string{"h": {"Stunde", "Stunden"}, "m": {"Minute", "Minuten"}, "s": {"Sekunde", "Sekunden"}},
		titles: map[string]string{
			"unknown_client":                "Diese Anwendung ist hier nicht bekannt",
			"invalid_redirect_uri":          "Diese Anwendung ist nicht richtig eingerichtet",
			"invalid_request":               "Diese Anfrage ist nicht brauchbar",
			"redirect_uri_missing":          "Diese Anwendung ist nicht richtig eingerichtet",
			"invalid_request_uri":           "Diese Anfrage lässt sich nicht lesen",
			"request_uri_unregistered":      "Diese Anwendung ist nicht richtig eingerichtet",
			"request_uri_of_another_client": "Diese Anfrage ist nicht von dieser Anwendung",
			"request_expired":               "Diese Anmeldung ist abgelaufen",
			"request_altered":               "Dieser Anmeldelink ist beschädigt",
			"request_from_another_browser":  "Diese Anmeldung begann in einem anderen Browser",
			"origin_refused":                "Dieses Formular kam von unerwarteter Stelle",
			"temporarily_unavailable":       "Gerade nicht erreichbar",
			"server_error":                  "Hier ist etwas schiefgegangen",
			"access_denied":                 "Sie dürfen diese Anwendung nicht verwenden",
			"expired_token":                 "Der Code ist abgelaufen",
			"too_many_attempts":             "Zu viele Versuche",
			"not_found":                     "Hier ist keine Seite",
		},
	},
	"fr": {
		next: "La suite s’affiche d’elle-même. Sinon, appuyez sur « Continuer ».",
		goOn: "Continuer", requestID: "Numéro de la demande",
		oneMoment: "Un instant…", back: "Vous retournez à l’application.",
		signingOut: "Déconnexion en cours…", telling: "Les applications que vous avez utilisées en sont informées.",
		forPrograms: "L’adresse est erronée ou réservée aux programmes.",
		toStart:     "Aller à la page d’accueil",
		didNotWork:  "Cela n’a pas fonctionné", getHelp: "Obtenir de l’aide",
		wait:  "Veuillez patienter %s, puis réessayez.",
		units: map[string][2]string{"h": {"heure", "heures"}, "m": {"minute", "minutes"}, "s": {"seconde", "secondes"}},
		titles: map[string]string{
			"unknown_client":                "Cette application n’est pas connue ici",
			"invalid_redirect_uri":          "Cette application est mal configurée",
			"invalid_request":               "Cette demande est inutilisable",
			"redirect_uri_missing":          "Cette application est mal configurée",
			"invalid_request_uri":           "Cette demande est illisible",
			"request_uri_unregistered":      "Cette application est mal configurée",
			"request_uri_of_another_client": "Cette demande vient d’une autre application",
			"request_expired":               "Cette connexion a expiré",
			"request_altered":               "Ce lien de connexion est endommagé",
			"request_from_another_browser":  "Cette connexion a commencé dans un autre navigateur",
			"origin_refused":                "Ce formulaire vient d’un endroit inattendu",
			"temporarily_unavailable":       "Indisponible pour le moment",
			"server_error":                  "Quelque chose n’a pas fonctionné ici",
			"access_denied":                 "Vous ne pouvez pas utiliser cette application",
			"expired_token":                 "Le code a expiré",
			"too_many_attempts":             "Trop de tentatives",
			"not_found":                     "Il n’y a pas de page ici",
		},
	},
}

// title returns what is said of an error.
func (w words) title(code string) string { return cmp.Or(w.titles[code], w.didNotWork) }

// waits returns the sentence that says how long to wait: rounded up, in the largest unit that fits, as the UI says it.
func (w words) waits(d time.Duration) string {
	name, size := "s", time.Second
	switch {
	case d >= time.Hour:
		name, size = "h", time.Hour
	case d >= time.Minute:
		name, size = "m", time.Minute
	}
	n := int((d + size - 1) / size)
	return fmt.Sprintf(w.wait, fmt.Sprint(n, " ", w.units[name][min(n, 2)-1]))
}

// languageOf returns the first language that there is of those that the request asked for, then of those of the browser; regions
// are not told apart. The UI chooses in the same way.
func languageOf(ans provider.Answer, acceptLanguage string) string {
	for _, tag := range slices.Concat(ans.UILocales, oidc.LanguageTags(acceptLanguage)) {
		primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
		if _, ok := inLanguage[primary]; ok {
			return primary
		}
	}
	return "en"
}
