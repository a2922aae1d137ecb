package provider_test

import (
	"testing"
	"time"

	. "gatehouse/api/apitest"
	"gatehouse/api/provider"
	"gatehouse/api/store"
)

// rig and browser are those of apitest, with what the tests here do often.
type rig struct{ *Rig }

type browser struct {
	*rig
	*Browser
}

func start(t *testing.T, change ...func(*provider.Settings)) *rig {
	t.Helper()
	return &rig{Start(t, change...)}
}

func (r *rig) browser() *browser { return &browser{r, r.Rig.Browser()} }

// at is the same browser, with its cookies, at another API.
func (b *browser) at(r *rig) *browser { return &browser{r, &Browser{API: r.Rig, HTTP: b.HTTP}} }

func TestMain(m *testing.M) { Main(m) }

// kept is how long a clean-up keeps what people look at.
var kept = store.Kept{SignIns: 90 * 24 * time.Hour, Audit: 400 * 24 * time.Hour}
