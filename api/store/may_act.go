package store

// mayAct is the condition that the account of a user, a row of users under that alias, may be used at @now: it is enabled, and has not
// ended. Everything that a person does asks it, and nothing else, so that an account has one end at all doors.
func mayAct(user string) string {
	return `(` + user + `.disabled_at IS NULL AND (` + user + `.expires_at IS NULL OR ` + user + `.expires_at > @now))`
}

// Why an account may not be used, in sign_ins.why, too.
const (
	UserDisabled = "disabled"
	UserExpired  = "expired"
)

// whyNot is the reason for which such an account may not be used at @now, ” if it may.
func whyNot(user string) string {
	return `CASE WHEN ` + mayAct(user) + ` THEN ''
		WHEN ` + user + `.disabled_at IS NOT NULL THEN '` + UserDisabled + `' ELSE '` + UserExpired + `' END`
}

// mayActUser is what is missing where there is no such user.
const mayActUser = "user who is enabled and has not ended"

// memberNow is the condition that a membership, a row of group_members under that alias, counts at @now.
func memberNow(membership string) string {
	return `(` + membership + `.until IS NULL OR ` + membership + `.until > @now)`
}
