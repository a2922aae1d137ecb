package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"gatehouse/api/oidc"
	"gatehouse/api/provider"
)

// The page goes on when every frame has loaded, which is when the page itself has (HTML §13.2.7), or after four seconds, and once only: who
// is slow must not be asked twice.
const goOnScript = `let go = () => { go = () => {}; location.replace(document.links[0].href); };
addEventListener('load', () => go());
setTimeout(() => go(), 4000);`

var goOnHash = hashOf(goOnScript)

// signOut loads the clients that are to hear of a logout, and goes on (OpenID Connect Front-Channel Logout 1.0 §3). They may run
// scripts there, for some keep their session in the browser's storage, but not take the whole page elsewhere.
func (p pages) signOut(c echo.Context, ans provider.Answer) error {
	s, w := p.screen(c, ans)
	s.Title, s.Text, s.Frames, s.Script = w.signingOut, w.telling, ans.Frames, goOnScript
	policy := p.policy + "; frame-src " + originsOf(ans.Frames) + "; script-src " + goOnHash + "; frame-ancestors 'none'"
	return p.write(c, http.StatusOK, policy, s)
}

// originsOf returns the origins of addresses, each once.
func originsOf(addresses []string) string {
	var origins []string
	for _, address := range addresses {
		origins = append(origins, oidc.Origin(address))
	}
	slices.Sort(origins)
	return strings.Join(slices.Compact(origins), " ")
}
