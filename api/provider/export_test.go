package provider

// DeliverLogoutsNow is for tests that have moved the clock.
func (p *Provider) DeliverLogoutsNow() { p.deliverLogoutsNow() }
