package admin

import (
	"context"
	"strings"

	"gatehouse/api/oidc"
)

// PagesClientID is the client_id of the pages for administrators, which have it in their script.
const PagesClientID = "gatehouse-admin"

// ForPages returns the registration of the pages for administrators: a public client whose tokens are bound to a key, and are good for
// the admin API alone. Only who has a role there, or owns a group, can sign in to it. Errors: Missing where there is no group of a role.
func (a *Admin) ForPages(ctx context.Context, in Registration) (Registration, error) {
	switch {
	case in.ClientID != PagesClientID:
		return in, invalid("the pages for administrators look for %s, not %q", PagesClientID, in.ClientID)
	case a.UIOrigin == "":
		return in, invalid("GATEHOUSE_UI_ORIGIN is not set: it says where the pages are, such as https://login.example.org")
	case a.AdminGroup == "":
		return in, invalid("GATEHOUSE_ADMIN_GROUP is not set: it names the group whose members administer, and turns on the admin API")
	}
	for _, group := range a.AdminGroups() {
		if err := a.store.GroupIsThere(ctx, group); err != nil { // nobody could sign in
			return in, err
		}
	}
	in.ClientName = "Gatehouse"
	in.ClientURI = a.UIOrigin + "/admin/"
	in.RedirectURIs = []string{in.ClientURI}
	in.Scope = strings.Join([]string{"openid", "profile", oidc.AdminRead, oidc.AdminWrite}, " ")
	in.Audiences = []string{a.AdminResource()}
	in.AllowedGroups = append(a.AdminGroups(), oidc.OwnersGroup)
	in.MinACR = a.AdminACR
	in.TokenEndpointAuthMethod = "none"
	in.IDTokenSignedResponseAlg = "ES256"
	in.DPoPBoundAccessTokens, in.RequirePushedAuthorizationRequests, in.FirstParty = true, true, true
	return in, nil
}
