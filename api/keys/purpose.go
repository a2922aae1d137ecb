package keys

// A Purpose is what a value is sealed or derived for. Each has keys of its own, so that what was sealed for one is refused by
// every other.
type Purpose string

// All purposes there are. Their words go into the keys: with other words nothing opens that was sealed before.
const (
	// Each in a Box.
	ForCodes           Purpose = "authorization code"
	ForPendingRequests Purpose = "pending request"
	ForPushedRequests  Purpose = "pushed request"
	ForUpstreamSignIns Purpose = "upstream sign-in"
	ForUpstreamSecrets Purpose = "upstream client secret"
	ForKnownDevices    Purpose = "known device"
	ForWaitingTickets  Purpose = "waiting ticket"
	ForDoctors         Purpose = "doctor"

	// In no Box: the first two are bytes in a column of that type, and the last is of a fixed size and the same each time.
	ForSigningKeys    Purpose = "signing key"
	ForUpstreamTokens Purpose = "upstream token"
	ForRefreshTokens  Purpose = "refresh token"

	// Derived.
	ForPersonalAccessTokens Purpose = "personal access token"
	ForBrowserStates        Purpose = "browser state"
	ForDPoPNonces           Purpose = "DPoP nonce"
	ForUserCodes            Purpose = "user code"
	ForLoginThrottle        Purpose = "login throttle"
	ForDeviceNetworks       Purpose = "device's network"
	ForRegisteringNetworks  Purpose = "registering network"
	ForRefreshingNetworks   Purpose = "refreshing network"
)
