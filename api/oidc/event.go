package oidc

// Event is something that has happened: a struct whose fields are what is worth knowing about it, named by their json tags. No
// field holds a password, a code, a token or another secret. The request in which it happened is not a field: it is in the
// context.
//
// A new event is a type here or in an events_*.go beside this file, and a row of the table in docs/operations.md. New in
// api/provider/provider.go has the list of listeners. They hear of an event after the database has committed it, at most once,
// and not at all if the process ends in between. What must be exact, such as an audit log that may miss nothing, belongs in the
// statement that does the thing instead: a CTE in that function of store, or a trigger, so that changes made with SQL count.
// Today nothing must be exact.
type Event interface{ Kind() EventKind }

// EventKind is what all events of a type have in common; only the message may depend on the fields.
type EventKind struct {
	Name    string // snake_case, and stable: filters and alerts go by it
	Level   EventLevel
	Message string // for people; it may change
}

// EventLevel is how loud an event is.
type EventLevel int

// The levels, by who has to act.
const (
	LevelInfo  EventLevel = iota // as it should be
	LevelWarn                    // somebody was refused, or will be served a little later
	LevelError                   // an administrator has to look
	LevelDebug                   // as it should be, many times in each sign-in: for those who count
)
