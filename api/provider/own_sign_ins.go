package provider

import (
	"time"

	"github.com/mileusna/useragent"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// signInView is a sign-in of a person, or an attempt in their name.
type signInView struct {
	ID      string      `json:"id"`
	At      time.Time   `json:"at"`
	Outcome string      `json:"outcome"`          // signed_in, factor_proven or failed
	Why     string      `json:"why,omitempty"`    // it failed
	Client  *clientView `json:"client,omitempty"` // nil: the account page
	Browser string      `json:"browser,omitempty"`
	System  string      `json:"system,omitempty"`
	Addr    string      `json:"addr,omitempty"`
}

func viewsOfSignIns(rows []store.SignInRow) []signInView {
	views := []signInView{}
	for _, s := range rows {
		ua := useragent.Parse(s.UserAgent)
		view := signInView{s.ID, s.At, s.Outcome, s.Why, nil, ua.Name, ua.OS, s.Addr}
		if s.ClientID != "" {
			view.Client = viewOfClient(&oidc.Client{Registration: s.Registration,
				ClientMetadata: oidc.ClientMetadata{ClientID: s.ClientID, ClientName: s.ClientName}}, "")
		}
		views = append(views, view)
	}
	return views
}
