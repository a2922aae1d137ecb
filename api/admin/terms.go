package admin

import (
	"context"
	"time"

	"gatehouse/api/oidc"
	"gatehouse/api/store"
)

// Terms are a version of terms of use as an administrator sees one in a list, without its words.
type Terms = store.TermsRow

// AddTerms is a version to add.
type AddTerms struct {
	Name    string `json:"name" arg:"" help:"Under which versions follow each other, such as terms-of-use."`
	Version string `json:"version" arg:"" help:"Of this version, such as 2027-03."`

	Titles map[string]string `json:"titles" name:"title" mapsep:"none" placeholder:"en=TITLE" help:"By language; may be repeated."`
	Texts  map[string]string `json:"texts,omitempty" name:"text" mapsep:"none" placeholder:"en=TEXT" help:"Plain text by language."`
	URIs   map[string]string `json:"uris,omitempty" name:"uri" mapsep:"none" placeholder:"en=URL" help:"Where they can be read, by language."`

	Groups  []string `json:"groups,omitempty" name:"group" sep:"none" placeholder:"GROUP" help:"Only for its members; may be repeated."`
	Clients []string `json:"clients,omitempty" name:"client" sep:"none" placeholder:"ID" help:"Only at this client; may be repeated."`

	SignAgainAfter Duration   `json:"sign_again_after,omitempty" placeholder:"365d" help:"Who accepted is asked again after so long."`
	InForceFrom    *time.Time `json:"in_force_from,omitempty" placeholder:"DATE" help:"From when; at once without it."`
	EndedAt        *time.Time `json:"ended_at,omitempty" placeholder:"DATE" help:"When nobody is asked for them any more."`
}

// AddTerms adds a version of terms. From when it is in force, people are asked for it at their next sign-on.
func (a *Admin) AddTerms(ctx context.Context, in AddTerms) (Nothing, error) {
	again, err := inDays("sign_again_after", in.SignAgainAfter)
	if err != nil {
		return Nothing{}, err
	}
	return Nothing{}, a.store.AddTerms(ctx, store.TermsDetails{Titles: in.Titles, Texts: in.Texts, URIs: in.URIs,
		TermsRow: Terms{Name: in.Name, Version: in.Version, Groups: oidc.NotNil(in.Groups), Clients: oidc.NotNil(in.Clients),
			SignAgainAfter: again, EndedAt: in.EndedAt}}, in.InForceFrom)
}

// SetTerms is what to change of a version: what is nil stays as it is, and what is empty is cleared.
type SetTerms struct {
	TermsVersion

	Titles *map[string]string `json:"titles,omitempty" name:"title" placeholder:"en=TITLE" help:"All of them; may be repeated."`
	Texts  *map[string]string `json:"texts,omitempty" name:"text" placeholder:"en=TEXT" help:"All of them; may be repeated."`
	URIs   *map[string]string `json:"uris,omitempty" name:"uri" placeholder:"en=URL" help:"All of them; may be repeated."`

	Groups  *[]string `json:"groups,omitempty" name:"group" placeholder:"GROUP" help:"All groups whose members are asked."`
	Clients *[]string `json:"clients,omitempty" name:"client" placeholder:"ID" help:"All clients where they are asked for."`

	SignAgainAfter *Duration  `json:"sign_again_after,omitempty" placeholder:"365d" help:"Who accepted is asked again after so long; 0d: not."`
	InForceFrom    *time.Time `json:"in_force_from,omitempty" placeholder:"DATE" help:"From when, until it has come."`
	EndedAt        *time.Time `json:"ended_at,omitempty" placeholder:"DATE" help:"When nobody is asked any more; empty: they have no end."`
}

// SetTerms changes what is named of a version. Errors: Missing, Refusal.
func (a *Admin) SetTerms(ctx context.Context, in SetTerms) (Nothing, error) {
	changes := changesOf(in)
	if in.SignAgainAfter != nil {
		var err error
		if changes["sign_again_after"], err = inDays("sign_again_after", *in.SignAgainAfter); err != nil {
			return Nothing{}, err
		}
	}
	if in.InForceFrom != nil && in.InForceFrom.IsZero() {
		return Nothing{}, invalid("%s must be a date", member("in_force_from"))
	}
	return Nothing{}, a.store.SetTerms(ctx, in.Name, in.Version, changes)
}

// TermsVersion names a version of terms.
type TermsVersion struct {
	Name    string `json:"name" arg:""`
	Version string `json:"version" arg:""`
}

// ShowTerms returns a version with its words. Errors: Missing.
func (a *Admin) ShowTerms(ctx context.Context, in TermsVersion) (store.TermsDetails, error) {
	return a.store.ShowTerms(ctx, in.Name, in.Version)
}

// RemoveTerms removes a version that nobody has accepted. Errors: Missing, Refusal.
func (a *Admin) RemoveTerms(ctx context.Context, in TermsVersion) (Nothing, error) {
	return Nothing{}, a.store.RemoveTerms(ctx, in.Name, in.Version)
}

// ListTerms is which versions are wanted.
type ListTerms struct {
	Paging
}

// ListTerms returns all versions by name and version, without their words.
func (a *Admin) ListTerms(ctx context.Context, in ListTerms) (Page[Terms], error) {
	return page(in.Paging, func(t Terms) string { return t.Name + " " + t.Version }, func(p store.Page) ([]Terms, error) {
		return a.store.ListTerms(ctx, p)
	})
}

// ReportTerms is whose acceptance is looked for.
type ReportTerms struct {
	Paging
	Name  string `json:"name" arg:"" help:"Of the terms."`
	Group string `json:"group,omitempty" placeholder:"GROUP" help:"Members of this group only."`
}

// NotAccepted is somebody who has not accepted what is in force.
type NotAccepted = store.NotAccepted

// ReportTerms returns people who would be asked for terms, by username. Errors: Missing, where none are in force.
func (a *Admin) ReportTerms(ctx context.Context, in ReportTerms) (Page[NotAccepted], error) {
	return page(in.Paging, func(n NotAccepted) string { return n.Username }, func(p store.Page) ([]NotAccepted, error) {
		return a.store.ReportTerms(ctx, p, in.Name, in.Group, time.Now())
	})
}
