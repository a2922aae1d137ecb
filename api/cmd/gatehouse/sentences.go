package main

// sentencesOfSets are more sentences: of what changes rows, and of what people hold.
var sentencesOfSets = map[string]string{
	"user set": "changed user {{.In.Username}}",
	"user remove": "removed user {{.In.Username}}, with {{.Out.Sessions}} sessions, {{.Out.Grants}} grants, " +
		"{{.Out.PersonalAccessTokens}} personal access tokens and {{.Out.LinkedAccounts}} linked accounts",
	"user set-posix-ranges": "{{if .In.UIDs}}users have a uid of {{.In.UIDs}}, groups a gid of {{.In.GIDs}}{{else}}" +
		"new users and groups get no number; those that there are keep theirs{{end}}",
	"user passkey set":    "changed passkey {{.In.ID}} of {{.In.Username}}",
	"user passkey remove": "removed passkey {{.In.ID}} of {{.In.Username}}",
	"user revoke-links":   "revoked account links of {{.In.Username}}: {{.Out.Revoked}}",
	"user revoke-grant":   "revoked grant {{.In.ID}} of {{.In.Username}}",
	"session end":         "{{if .In.SID}}ended session {{.In.SID}}{{else}}ended sessions of {{.In.AllOf}}: {{.Out.Ended}}{{end}}",
	"consent withdraw":    "withdrew what {{.In.Username}} allowed {{.In.ClientID}}",
	"workshop open": "code      {{.Out.Code}}\nlearners  {{.Out.Link}}\nprojector {{.Out.Projector}}\n" +
		"ends      {{moment .Out.Until}}, accounts are deleted {{.Out.Grace}} later",
	"workshop set": "workshop {{.Out.Name}}: code {{.Out.Code}}{{if .Out.CodeClosedAt}} (closed){{end}}, {{.Out.SeatsLeft}} of " +
		"{{.Out.Seats}} seats left, ends {{moment .Out.Until}}",
	"workshop close":   "workshop {{.In.Name}} has ended",
	"workshop phrase":  "{{.Out.Phrase}}",
	"workshop remove":  "removed {{.In.Username}} from workshop {{.In.Name}}",
	"group set":        "changed group {{.In.Name}}",
	"client set":       "changed client {{.In.ClientID}}{{with .Out.ClientSecret}}\nclient_secret {{.}}{{end}}",
	"acr-value add":    "added acr value {{.In.Value}}",
	"acr-value set":    "changed acr value {{.In.Value}}",
	"acr-value remove": "removed acr value {{.In.Value}}",
	"resource set":     "changed resource {{.In.Identifier}}",
	"upstream set":     "changed upstream {{.In.Name}}",
	"terms add":        "added terms {{.In.Name}} {{.In.Version}}",
	"terms set":        "changed terms {{.In.Name}} {{.In.Version}}",
	"terms remove":     "removed terms {{.In.Name}} {{.In.Version}}",

	"client exchange-policy add":    "{{.In.ClientID}} may exchange tokens for {{.In.Audience}}",
	"client exchange-policy set":    "changed how {{.In.ClientID}} may exchange tokens for {{.In.Audience}}",
	"client exchange-policy remove": "{{.In.ClientID}} may exchange tokens for {{.In.Audience}} no more",
}
