package provider

import (
	"context"

	"gatehouse/api/oidc"
)

// deviceDonePage tells people to go back to the device.
type deviceDonePage struct {
	pending `json:"-"`
	Allowed bool `json:"al"` // what became of its request
}

type deviceDoneView struct {
	common
	Allowed bool `json:"allowed"`
}

func (*deviceDonePage) name() string { return "device_done" }

func (w *deviceDonePage) view(_ context.Context, _ *Provider, c common) (any, error) {
	return deviceDoneView{common: c, Allowed: w.Allowed}, nil
}

// deviceDone sends the browser there, and tells of what the person pressed.
func (p *Provider) deviceDone(
	ctx context.Context, client *oidc.Client, username string, allowed bool,
) Answer {
	p.tell(ctx, oidc.DeviceAnswered{ClientID: client.ClientID, Username: username, Allowed: allowed})
	return redirect(p.address(&deviceDonePage{pending: pending{Client: viewOfClient(client, "")}, Allowed: allowed}))
}
