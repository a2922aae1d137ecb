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

	// In no Box: a refresh token is of a fixed size and the same each time, the others are bytes in a column of that type.
	ForSigningKeys    Purpose = "signing key"
	ForUpstreamTokens Purpose = "upstream token"
	ForRefreshTokens  Purpose = "refresh token"
	ForTOTPSecrets    Purpose = "TOTP secret"
	ForAdminAnswers   Purpose = "answer of the admin API"
	ForMail           Purpose = "mail"

	// Derived.
	ForPersonalAccessTokens Purpose = "personal access token"
	ForRecoveryCodes        Purpose = "recovery code"
	ForBrowserStates        Purpose = "browser state"
	ForDPoPNonces           Purpose = "DPoP nonce"
	ForUserCodes            Purpose = "user code"
	ForLoginThrottle        Purpose = "login throttle"
	ForDeviceNetworks       Purpose = "device's network"
	ForRegisteringNetworks  Purpose = "registering network"
	ForRefreshingNetworks   Purpose = "refreshing network"
	ForResettingNetworks    Purpose = "resetting network"
	ForSigningUpNetworks    Purpose = "signing up network"
	ForMailedCodes          Purpose = "mailed code"
)
