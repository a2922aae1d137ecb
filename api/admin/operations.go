package admin

import (
	"context"
	"reflect"
	"slices"
)

// Operation is a use case by its name. What is made of the table needs no line of its own for a new one.
type Operation struct {
	Name string       // as on the command line, such as "user disable"
	Help string       // what it does, in a sentence
	Path string       // its method and path below /admin/v1; "" if it is of the command line alone
	In   reflect.Type // a struct
	Out  reflect.Type // Nothing for what has no result

	// Run takes an In and returns an Out. Errors are Invalid, or those of store: Missing, Refusal, Unavailable.
	Run func(ctx context.Context, a *Admin, in any) (out any, err error)
}

func op[In, Out any](name, help, path string, run func(*Admin, context.Context, In) (Out, error)) Operation {
	return Operation{name, help, path, reflect.TypeFor[In](), reflect.TypeFor[Out](),
		func(ctx context.Context, a *Admin, in any) (any, error) { return run(a, ctx, in.(In)) }}
}

// operations is the table of use cases.
var operations = []Operation{
	op("user add", "Add a user.", "POST /users", (*Admin).AddUser),
	op("user passwd", "Set a user's password.", "POST /users/{username}/password", (*Admin).SetPassword),
	op("user disable", "Shut a user out, from the next request on.", "POST /users/{username}/disable", (*Admin).DisableUser),
	op("user enable", "Let a user in again.", "POST /users/{username}/enable", (*Admin).EnableUser),
	op("user import", "Add the people of a roster, with a link each, and make all members of a group.",
		"POST /users/import", (*Admin).ImportUsers),
	op("user set-username-rule", "Set what usernames may be: unix, email or open.",
		"POST /settings/username-rule", (*Admin).SetUsernameRule),
	op("user set-posix-ranges", "Have all users and groups have numbers for machines, from these ranges; without them new ones get none.",
		"POST /settings/posix-ranges", (*Admin).SetPosixRanges),
	op("user posix-ranges", "Print from where users and groups get numbers for machines, as JSON.",
		"GET /settings/posix-ranges", (*Admin).ShowPosixRanges),
	op("user show", "Print all that is known of a user but the password, as JSON.", "GET /users/{username}", (*Admin).ShowUser),
	op("user set", "Change what is named of a user; an empty value clears.", "PATCH /users/{username}", (*Admin).SetUser),
	op("user remove", "Remove a user with all that is theirs.", "DELETE /users/{username}", (*Admin).RemoveUser),
	op("user retired-names", "List usernames that were somebody's, which nobody else gets.",
		"GET /retired-names", (*Admin).ListRetiredNames),
	op("user free-name", "Let a username that was somebody's be anybody's.", "DELETE /retired-names/{name}", (*Admin).FreeName),
	op("offboard", "Shut a user out with all that is theirs, at once; or take that back.",
		"POST /users/{username}/offboard", (*Admin).Offboard),
	op("user list", "List the users.", "GET /users", (*Admin).ListUsers),
	op("user linked-accounts", "Print which accounts at upstreams a user can sign in with, as JSON.",
		"GET /users/{username}/linked-accounts", (*Admin).ListLinkedAccounts),
	op("user link", "Print an address with which a user sets a password, once.",
		"POST /users/{username}/links", (*Admin).LinkUser),
	op("user links", "Print what became of the account links of a user, as JSON.",
		"GET /users/{username}/links", (*Admin).ListAccountLinks),
	op("user revoke-links", "Have the account links of a user be good no more.",
		"DELETE /users/{username}/links", (*Admin).RevokeAccountLinks),
	op("user factors", "Show what a user has set up beside a password.",
		"GET /users/{username}/factors", (*Admin).ListFactors),
	op("user passkey list", "Print the passkeys of a user, as JSON.", "GET /users/{username}/passkeys", (*Admin).ListPasskeys),
	op("user passkey set", "Rename a passkey, or say that its key is in hardware.",
		"PATCH /users/{username}/passkeys/{id}", (*Admin).SetPasskey),
	op("user passkey remove", "Remove a passkey, as one that is lost.",
		"DELETE /users/{username}/passkeys/{id}", (*Admin).RemovePasskey),
	op("user reset-factors", "Remove the factors of a user who has lost them; prints an account link.",
		"POST /users/{username}/reset-factors", (*Admin).ResetFactors),
	op("user grants", "List what applications hold of a user's, the latest first.",
		"GET /users/{username}/grants", (*Admin).ListGrants),
	op("user revoke-grant", "Take from an application what it holds, from the next request on.",
		"POST /users/{username}/grants/{id}/revoke", (*Admin).RevokeGrant),
	op("consent list", "Print which applications may use a user's data, as JSON.",
		"GET /users/{username}/consents", (*Admin).ListConsents),
	op("consent withdraw", "Take from an application what a user allowed it, and its tokens.",
		"DELETE /users/{username}/consents/{client_id}", (*Admin).WithdrawConsent),
	op("user tokens", "List a user's personal access tokens.",
		"GET /users/{username}/personal-access-tokens", (*Admin).ListPersonalAccessTokens),
	op("user revoke-token", "Revoke a personal access token, or all of a user.",
		"POST /personal-access-tokens/revoke", (*Admin).RevokePersonalAccessTokens),

	op("invitation add", "Print an address with which people make accounts of their own, or join groups.",
		"POST /invitations", (*Admin).AddInvitation),
	op("invitation list", "List the invitations, without their addresses.", "GET /invitations", (*Admin).ListInvitations),
	op("invitation revoke", "Have an invitation be good no more; accounts that were made with it stay.",
		"DELETE /invitations/{id}", (*Admin).RevokeInvitation),

	op("group add", "Add a group.", "POST /groups", (*Admin).AddGroup),
	op("group remove", "Remove a group; its members stay users.", "DELETE /groups/{name}", (*Admin).RemoveGroup),
	op("group add-member", "Make users members of a group.", "POST /groups/{group}/members", (*Admin).AddGroupMembers),
	op("group set-member", "Set when a membership ends; an empty value clears.",
		"PATCH /groups/{group}/members/{username}", (*Admin).SetGroupMember),
	op("group remove-member", "End a membership, from the next request on.",
		"DELETE /groups/{group}/members/{username}", (*Admin).RemoveGroupMember),
	op("group show", "Print a group as JSON, without its members.", "GET /groups/{name}", (*Admin).ShowGroup),
	op("group set", "Change what is named of a group; an empty value clears.", "PATCH /groups/{name}", (*Admin).SetGroup),
	op("group list", "List the groups.", "GET /groups", (*Admin).ListGroups),
	op("group members", "List the members of a group.", "GET /groups/{group}/members", (*Admin).ListGroupMembers),

	op("client add", "Register a client; returns its secret, once.", "POST /clients", (*Admin).AddClient),
	op("client add-hub", "Register a JupyterHub; returns its whole configuration, with its secret, once.",
		"POST /clients/hubs", (*Admin).AddHub),
	op("client import", "Register or update clients, ids and secrets included.",
		"POST /clients/import", (*Admin).ImportClients),
	op("client list", "List the clients.", "GET /clients", (*Admin).ListClients),
	op("client show", "Print a client as JSON, without its secret.", "GET /clients/{client_id}", (*Admin).ShowClient),
	op("client logouts", "Show what became of the latest back-channel logouts.",
		"GET /clients/{client_id}/logouts", (*Admin).ListLogouts),
	op("client refusals", "Show what a client sent that was refused, and what would allow it.",
		"GET /clients/{client_id}/refusals", (*Admin).ListClientRefusals),
	op("client secrets", "List the secrets of a client, with their ends and last uses, not their values.",
		"GET /clients/{client_id}/secrets", (*Admin).ListClientSecrets),
	op("client add-secret", "Add a secret beside the live one; prints it, once.",
		"POST /clients/{client_id}/secrets", (*Admin).AddClientSecret),
	op("client remove-secret", "Remove a secret: it is refused from the next request on.",
		"DELETE /clients/{client_id}/secrets/{name}", (*Admin).RemoveClientSecret),
	op("client rotate-secret", "Replace a client's secret, at once or after a while; prints the new one, once.",
		"POST /clients/{client_id}/rotate-secret", (*Admin).RotateClientSecret),
	op("client disable", "Refuse a client and all it holds, from the next request on.",
		"POST /clients/{client_id}/disable", (*Admin).DisableClient),
	op("client enable", "Accept a client again.", "POST /clients/{client_id}/enable", (*Admin).EnableClient),
	{"client set", "Change what is named of a client; an empty value clears.", "PATCH /clients/{client_id}",
		SetClient, reflect.TypeFor[ChangedClient](), setClient},
	op("client remove", "Remove a client with its consents and tokens.",
		"DELETE /clients/{client_id}", (*Admin).RemoveClient),
	op("client claim add", "Give a client a claim of its users: a constant, a field, or from their groups.",
		"POST /clients/{client_id}/claims", (*Admin).AddClientClaim),
	op("client claim list", "List the rows that make a client's claims.", "GET /clients/{client_id}/claims", (*Admin).ListClientClaims),
	op("client claim set", "Change what is named of a row; an empty value clears.",
		"PATCH /clients/{client_id}/claims/{position}", (*Admin).SetClientClaim),
	op("client claim remove", "Remove a row, from the next request on.",
		"DELETE /clients/{client_id}/claims/{position}", (*Admin).RemoveClientClaim),
	op("client token add", "Make a token that clients register themselves with; prints it, once.",
		"POST /initial-access-tokens", (*Admin).AddInitialAccessToken),
	op("client token list", "List the tokens, not their values.",
		"GET /initial-access-tokens", (*Admin).ListInitialAccessTokens),
	op("client token remove", "Remove a token; clients that were registered with it stay.",
		"DELETE /initial-access-tokens/{name}", (*Admin).RemoveInitialAccessToken),

	op("client consents", "List who allowed a client what.", "GET /clients/{client_id}/consents", (*Admin).ListConsentsOfClient),
	op("client exchange-policy list", "List for which services a client may exchange tokens.",
		"GET /clients/{client_id}/exchange-policies", (*Admin).ListExchangePolicies),
	op("client exchange-policy add", "Let a client exchange access tokens for one for another service.",
		"POST /clients/{client_id}/exchange-policies", (*Admin).AddExchangePolicy),
	op("client exchange-policy set", "Change what is named of such a policy; an empty value clears.",
		"PATCH /clients/{client_id}/exchange-policies/{audience}", (*Admin).SetExchangePolicy),
	op("client exchange-policy remove", "Let a client exchange tokens for a service no more.",
		"DELETE /clients/{client_id}/exchange-policies/{audience}", (*Admin).RemoveExchangePolicy),

	op("resource add", "Add a service that access tokens are for.", "POST /resources", (*Admin).AddResource),
	op("resource list", "List the services.", "GET /resources", (*Admin).ListResources),
	op("resource show", "Print a service as JSON.", "GET /resources/{identifier}", (*Admin).ShowResource),
	op("resource print-config", "Print what a service needs to take access tokens: its metadata (RFC 9728), or a program.",
		"GET /resources/{identifier}/config", (*Admin).PrintResource),
	op("resource disable", "Let nobody get a token for a service, from the next request on.",
		"POST /resources/{identifier}/disable", (*Admin).DisableResource),
	op("resource enable", "Open a service again to whom its row says.",
		"POST /resources/{identifier}/enable", (*Admin).EnableResource),
	op("resource set", "Change what is named of a service; an empty value clears.", "PATCH /resources/{identifier}", (*Admin).SetResource),
	op("resource remove", "Remove a service: clients that nobody listed get no more tokens for it.",
		"DELETE /resources/{identifier}", (*Admin).RemoveResource),

	op("upstream add", "Add a provider to sign in with.", "POST /upstreams", (*Admin).AddUpstream),
	op("upstream list", "List the upstreams.", "GET /upstreams", (*Admin).ListUpstreams),
	op("upstream show", "Print an upstream as JSON, without its secret.", "GET /upstreams/{name}", (*Admin).ShowUpstream),
	op("upstream try", "Say whether the discovery document of an upstream can be read, and our secret there opened.",
		"GET /upstreams/{name}/try", (*Admin).TryUpstream),
	op("upstream set", "Change what is named of an upstream; an empty value clears.", "PATCH /upstreams/{name}", (*Admin).SetUpstream),
	op("upstream disable", "Let nobody sign in there any more, from the next request on.",
		"POST /upstreams/{name}/disable", (*Admin).DisableUpstream),
	op("upstream enable", "Let people sign in there again.", "POST /upstreams/{name}/enable", (*Admin).EnableUpstream),
	op("upstream remove", "Remove an upstream with its accounts and their tokens; the users stay.",
		"DELETE /upstreams/{name}", (*Admin).RemoveUpstream),
	op("upstream link", "Make an account there that of a user.",
		"POST /upstreams/{upstream}/accounts", (*Admin).LinkAccount),
	op("upstream unlink", "Take the account there from a user.",
		"DELETE /upstreams/{upstream}/accounts/{username}", (*Admin).UnlinkAccount),

	op("session list", "List where people are signed in, the latest sign-in first.", "GET /sessions", (*Admin).ListSessions),
	op("session end", "Sign somebody out at one browser, or everywhere.", "POST /sessions/end", (*Admin).EndSessions),

	op("acr-value list", "List the authentication context classes, and what they take.",
		"GET /settings/acr-values", (*Admin).ListACRValues),
	op("acr-value add", "Add a class that a sign-in can reach.", "POST /settings/acr-values", (*Admin).AddACRValue),
	op("acr-value set", "Change what is named of a class.", "PATCH /settings/acr-values/{value}", (*Admin).SetACRValue),
	op("acr-value remove", "Remove a class that nothing has to reach.", "DELETE /settings/acr-values/{value}", (*Admin).RemoveACRValue),

	op("explain", "Say what would happen if a user signed in to a client, and which row decides it.",
		"GET /explain", (*Admin).Explain),
	op("claims", "Print the tokens that a client would get of a user, and which row made which claim.",
		"GET /clients/{client_id}/users/{username}/claims", (*Admin).Claims),
	op("audit list", "List who changed what, the latest first.", "GET /audit", (*Admin).ListAudit),
	op("audit verify", "Look whether rows of the audit were changed, removed or put in.", "GET /audit/verify", (*Admin).VerifyAudit),
	op("sign-ins", "List who signed in, and who failed to, the latest first.", "GET /sign-ins", (*Admin).ListSignIns),

	// Files, their folders and the secrets that they refer to are of the machine that the command runs on.
	op("plan", "Print what apply would do, as SQL.", "", (*Admin).Plan),
	op("apply", "Make rows what files declare, all or none.", "", (*Admin).Apply),
	op("export", "Print the rows that there are as a file that declares them.", "", (*Admin).Export),

	op("sign-in-counts", "Count sign-ins, failures and what was throttled by the hour, with how long it took, as JSON.",
		"GET /sign-ins/counts", (*Admin).CountSignIns),
	op("audit undo", "Take back a change, if what it made is still there.", "POST /audit/{id}/undo", (*Admin).UndoChange),
	op("mail list", "List the mail that waits, was sent within a week or was given up, the latest first.",
		"GET /settings/mail", (*Admin).ListMail),
	op("mail retry", "Try again to send mail that waits or was given up.", "POST /settings/mail/retry", (*Admin).RetryMail),
	op("whoami", "Say who you are here, and what you may.", "GET /me", (*Admin).WhoAmI),
	op("health", "Say how the database and the keys are, and what to mend.", "GET /health", (*Admin).Health),
	op("key list", "List the keys: what signs, what will sign, what is only still trusted.",
		"GET /keys", (*Admin).ListSigningKeys),
	op("key rotate", "Replace a key ahead of the schedule.", "POST /keys/rotate", (*Admin).RotateKey),
}

// Operations returns all use cases.
func Operations() []Operation { return slices.Clone(operations) }
