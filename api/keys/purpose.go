package keys

// A Purpose is what a value is sealed or derived for. Each has keys of its own, so that what was sealed for one is refused by
// every other.
type Purpose string

// All purposes there are. Their words go into the keys: with other words nothing opens that was sealed before.
const (
	ForSigningKeys          Purpose = "signing key"
	ForCodes                Purpose = "authorization code"
	ForRefreshTokens        Purpose = "refresh token"
	ForPersonalAccessTokens Purpose = "personal access token"
	ForUpstreamSecrets      Purpose = "upstream client secret"
	ForUpstreamTokens       Purpose = "upstream token"

	ForPendingRequests Purpose = "pending request"
	ForPushedRequests  Purpose = "pushed request"
	ForUpstreamSignIns Purpose = "upstream sign-in"
	ForKnownDevices    Purpose = "known device"
	ForDoctors         Purpose = "doctor"

	ForBrowserStates       Purpose = "browser state"
	ForDPoPNonces          Purpose = "DPoP nonce"
	ForUserCodes           Purpose = "user code"
	ForLoginThrottle       Purpose = "login throttle"
	ForDeviceNetworks      Purpose = "device's network"
	ForRegisteringNetworks Purpose = "registering network"
)
