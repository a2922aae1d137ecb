package provider

import (
	"context"
	"time"

	"gatehouse/api/keys"
	"gatehouse/api/oidc"
	"gatehouse/api/qrcode"
	"gatehouse/api/store"
)

// projectorPage shows a room the code of a workshop. Whoever has its address sees it, and can do nothing; it ends with the workshop. It
// asks for itself again every few seconds.
type projectorPage struct {
	pending   `json:"-"`
	Workshop  string `json:"w"`
	CreatedAt int64  `json:"c"` // in Unix microseconds: one of the same name is another
}

type projectorView struct {
	common
	Workshop string       `json:"workshop"`
	State    string       `json:"state"` // open, full, closed or ended
	Code     string       `json:"code,omitempty"`
	Link     string       `json:"link,omitempty"` // where people type it
	QR       *qrcode.Code `json:"qr,omitempty"`   // the same with the code in it
	Taken    int          `json:"taken"`
	Seats    int          `json:"seats"`
	Until    time.Time    `json:"until"`
}

func (*projectorPage) name() string { return "projector" }

func (w *projectorPage) view(ctx context.Context, p *Provider, c common) (any, error) {
	of, err := p.store.LoadWorkshop(ctx, w.Workshop)
	if err == nil && of.CreatedAt.UnixMicro() != w.CreatedAt {
		err = store.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	view := projectorView{common: c, Workshop: of.Name, Taken: of.Seats - of.SeatsLeft, Seats: of.Seats, Until: of.Until, State: "open"}
	switch workshopProblem(of, "", nil, c.now) {
	case workshopEnded:
		view.State = "ended"
		return view, nil
	case workshopClosed:
		view.State = "closed"
		return view, nil
	case workshopFull:
		view.State = "full"
	}
	view.Link, view.Code = p.UIOrigin+"/join", of.Code
	view.QR = qrcode.Draw(view.Link + "#" + of.Code)
	return view, nil
}

// projectorLife is longer than any workshop: its row says when it ends.
const projectorLife = 10 * 365 * 24 * time.Hour

// ProjectorAddress returns the address of the projector's page of a workshop that was opened at that time. The token is in the fragment,
// which no server sees.
func ProjectorAddress(sealer *keys.Sealer, s oidc.Settings, workshop string, createdAt time.Time) string {
	p := &Provider{Settings: s, sealer: sealer, now: time.Now}
	page := &projectorPage{Workshop: workshop, CreatedAt: createdAt.UnixMicro()}
	page.Expires = createdAt.Add(projectorLife).Unix()
	return s.UIOrigin + pathOf(page) + "#" + pendingBox.Seal(sealer, p.withState(page), nil)
}
