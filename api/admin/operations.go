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
	In   reflect.Type // a struct
	Out  reflect.Type // Nothing for what has no result

	// Run takes an In and returns an Out. Errors are Invalid, or those of store: Missing, Refusal, Unavailable.
	Run func(ctx context.Context, a *Admin, in any) (out any, err error)
}

func op[In, Out any](name, help string, run func(*Admin, context.Context, In) (Out, error)) Operation {
	return Operation{name, help, reflect.TypeFor[In](), reflect.TypeFor[Out](),
		func(ctx context.Context, a *Admin, in any) (any, error) { return run(a, ctx, in.(In)) }}
}

// operations is the table of use cases.
var operations = []Operation{
	op("user add", "Add a user.", (*Admin).AddUser),
	op("user passwd", "Set a user's password.", (*Admin).SetPassword),
	op("user disable", "Shut a user out, from the next request on.", (*Admin).DisableUser),
	op("user enable", "Let a user in again.", (*Admin).EnableUser),
	op("user set-username-rule", "Set what usernames may be: unix, email or open.", (*Admin).SetUsernameRule),
	op("user list", "List the users.", (*Admin).ListUsers),
	op("user links", "Print which accounts at upstreams a user can sign in with, as JSON.", (*Admin).ListLinkedAccounts),
	op("user link", "Print an address with which a user sets a password, once.", (*Admin).LinkUser),
	op("user factors", "Show what a user has set up beside a password.", (*Admin).ListFactors),
	op("user reset-factors", "Remove the factors of a user who has lost them; prints an account link.", (*Admin).ResetFactors),
	op("user sessions", "Print where a user is signed in, as JSON.", (*Admin).ListSessions),
	op("user end-sessions", "Sign a user out everywhere, or end one session.", (*Admin).EndSessions),
	op("user consents", "Print which applications may use a user's data, as JSON.", (*Admin).ListConsents),
	op("user withdraw-consent", "Take from an application what a user allowed it, and its tokens.", (*Admin).WithdrawConsent),
	op("user tokens", "List a user's personal access tokens.", (*Admin).ListPersonalAccessTokens),
	op("user revoke-token", "Revoke a personal access token, or all of a user.", (*Admin).RevokePersonalAccessTokens),

	op("group add", "Add a group.", (*Admin).AddGroup),
	op("group remove", "Remove a group; its members stay users.", (*Admin).RemoveGroup),
	op("group add-member", "Make users members of a group.", (*Admin).AddGroupMembers),
	op("group remove-member", "End a membership, from the next request on.", (*Admin).RemoveGroupMember),
	op("group set-mfa", "Have the members of a group prove two factors, or not any more.", (*Admin).SetGroupMFA),
	op("group list", "List the groups.", (*Admin).ListGroups),
	op("group members", "List the members of a group.", (*Admin).ListGroupMembers),

	op("client add", "Register a client; returns its secret, once.", (*Admin).AddClient),
	op("client import", "Register or update clients, ids and secrets included.", (*Admin).ImportClients),
	op("client list", "List the clients.", (*Admin).ListClients),
	op("client show", "Print a client as JSON, without its secret.", (*Admin).ShowClient),
	op("client logouts", "Show what became of the latest back-channel logouts.", (*Admin).ListLogouts),
	op("client rotate-secret", "Replace a client's secret at once; prints the new one, once.", (*Admin).RotateClientSecret),
	op("client disable", "Refuse a client and all it holds, from the next request on.", (*Admin).DisableClient),
	op("client enable", "Accept a client again.", (*Admin).EnableClient),
	op("client set-min-acr", "Set what sign-ins to a client have to reach at least.", (*Admin).SetMinACR),
	op("client remove", "Remove a client with its consents and tokens.", (*Admin).RemoveClient),
	op("client token add", "Make a token that clients register themselves with; prints it, once.", (*Admin).AddInitialAccessToken),
	op("client token list", "List the tokens, not their values.", (*Admin).ListInitialAccessTokens),
	op("client token remove", "Remove a token; clients that were registered with it stay.", (*Admin).RemoveInitialAccessToken),

	op("resource add", "Add a service that access tokens are for.", (*Admin).AddResource),
	op("resource list", "List the services.", (*Admin).ListResources),
	op("resource remove", "Remove a service: clients that nobody listed get no more tokens for it.", (*Admin).RemoveResource),

	op("upstream add", "Add a provider to sign in with.", (*Admin).AddUpstream),
	op("upstream list", "List the upstreams.", (*Admin).ListUpstreams),
	op("upstream show", "Print an upstream as JSON, without its secret.", (*Admin).ShowUpstream),
	op("upstream disable", "Let nobody sign in there any more, from the next request on.", (*Admin).DisableUpstream),
	op("upstream enable", "Let people sign in there again.", (*Admin).EnableUpstream),
	op("upstream remove", "Remove an upstream with its accounts and their tokens; the users stay.", (*Admin).RemoveUpstream),
	op("upstream link", "Make an account there that of a user.", (*Admin).LinkAccount),
	op("upstream unlink", "Take the account there from a user.", (*Admin).UnlinkAccount),

	op("explain", "Say what would happen if a user signed in to a client, and which row decides it.", (*Admin).Explain),
	op("sign-ins", "List who signed in, and who failed to, the latest first.", (*Admin).ListSignIns),

	op("key list", "List the keys: what signs, what will sign, what is only still trusted.", (*Admin).ListSigningKeys),
	op("key rotate", "Replace a key ahead of the schedule.", (*Admin).RotateKey),
}

// Operations returns all use cases.
func Operations() []Operation { return slices.Clone(operations) }
