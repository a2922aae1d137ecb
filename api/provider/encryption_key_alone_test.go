package provider

import (
	"net/netip"
	"net/url"
	"testing"
	"time"

	"gatehouse/api/keys"
	"gatehouse/api/oidc"
)

// A form that was sealed for no browser, or for one without a cookie, is refused: that is all that the key alone can make.
func TestAFormThatIsForNoBrowserIsRefused(t *testing.T) {
	t.Parallel()
	sealer, err := keys.NewSealer([][32]byte{{1}})
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{Settings: Settings{UIOrigin: "https://ui.example.org", RequestTTL: time.Minute}, sealer: sealer, now: time.Now}
	empty := oidc.Digest("")
	for _, page := range []page{&loginPage{}, &consentPage{}, &accountPage{}} {
		for what, browser := range map[string][]byte{"none": nil, "an empty one": {}, "one without a cookie": empty[:]} {
			*page.envelope() = pending{Browser: browser, Request: &oidc.AuthorizeRequest{}}
			form := MustQuery(p.address(page))
			for _, cookies := range []map[CookieName]string{nil, {BrowserCookie: ""}, {BrowserCookie: "victim"}} {
				r := Request{Origin: p.UIOrigin, Params: form, Cookies: cookies, Addr: netip.MustParseAddr("192.0.2.1")}
				if refusal := p.open(t.Context(), r, page, time.Now()); refusal == nil || refusal.Error != pageForeignBrowser {
					t.Errorf("%s for %s is taken: %v", page.name(), what, refusal)
				}
			}
		}
	}
}

func MustQuery(address string) url.Values {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return u.Query()
}

// The key and the id of a row are not enough.
func TestATokenCannotBeComputedFromItsID(t *testing.T) {
	t.Parallel()
	sealer, err := keys.NewSealer([][32]byte{{1}})
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{sealer: sealer}
	if p.tokenValue("id", randomSecret()) == p.tokenValue("id", randomSecret()) || p.tokenValue("id", "") != p.tokenValue("id", "") {
		t.Error("the seed is not in it")
	}
}
