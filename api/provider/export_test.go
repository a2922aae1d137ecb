package provider

import "context"

// DeliverLogoutsNow is for tests that have moved the clock.
func (p *Provider) DeliverLogoutsNow() { p.deliverLogoutsNow() }

// SaveSecretUses is what runs each minute.
func (p *Provider) SaveSecretUses(ctx context.Context) { p.saveSecretUses(ctx) }

// SaveSignInTimes is what runs each minute.
func (p *Provider) SaveSignInTimes(ctx context.Context) { p.saveSignInTimes(ctx) }

// ResealTOTP is what runs each minute.
func (p *Provider) ResealTOTP(ctx context.Context) error { return p.resealTOTP(ctx) }

// AnchorAudit is what runs each minute.
func (p *Provider) AnchorAudit(ctx context.Context) error { return p.anchorAudit(ctx) }

// SaveClientRefusals is what runs every few seconds.
func (p *Provider) SaveClientRefusals(ctx context.Context) { p.saveClientRefusals(ctx) }

// HeloOf is for a test.
var HeloOf = heloOf
