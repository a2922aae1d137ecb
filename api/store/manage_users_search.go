package store

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"
)

// UserQuery is which users are wanted; their key is the username.
type UserQuery struct {
	Page
	Search string // in the username, the names or the address; of one or two characters: where a word of these begins
	Group  string // members of this group only

	EndingBy time.Time // of whom the account ends until then, and has not ended; zero for anybody; not with the other two
}

// searchedOfUser is what people are searched in: the expression of the index users_search.
const searchedOfUser = `lower(' ' || u.username || ' ' || coalesce(u.name, '') || ' ' || coalesce(u.given_name, '') || ' ' ||
	coalesce(u.family_name, '') || ' ' || coalesce(u.email, ''))`

// nearby is how many users a search looks at one by one, before it asks the index of all.
const nearby = "2000"

var (
	allUsers = `FROM users u WHERE u.username > @after`
	// The second condition has Postgres begin to read the users, too, where the page begins.
	usersOfGroup = `FROM group_members g JOIN users u ON u.username = g.username
		WHERE g.group_name = @group AND g.username > @after AND u.username > @after AND ` + memberNow("g")
	isFound = searchedOfUser + ` LIKE lower(@pattern)`
)

// searchNear looks for users among the first of a list; searchFar among all, by the index of trigrams. OFFSET 0 keeps Postgres from
// reading the list until it has found enough, which may be all of it.
func searchNear(list, key string) query {
	return compile(userSelect + ` FROM (SELECT u.* ` + list + ` ORDER BY ` + key + ` LIMIT ` + nearby + `) AS u
		WHERE ` + isFound + ` ORDER BY u.username LIMIT @limit`)
}

func searchFar(also string) query {
	return compile(userSelect + ` FROM (SELECT u.* FROM users u WHERE ` + isFound + ` OFFSET 0) AS u
		WHERE u.username > @after ` + also + ` ORDER BY u.username LIMIT @limit`)
}

var (
	listUsers        = compile(userSelect + allUsers + ` ORDER BY u.username LIMIT @limit`)
	listUsersOfGroup = compile(userSelect + usersOfGroup + ` ORDER BY g.username LIMIT @limit`)

	listUsersEnding = compile(userSelect + allUsers + ` AND u.expires_at > @now AND u.expires_at <= @ending_by
		ORDER BY u.username LIMIT @limit`)

	searchUsersNear        = searchNear(allUsers, `u.username`)
	searchUsersOfGroupNear = searchNear(usersOfGroup, `g.username`)
	searchUsersFar         = searchFar(``)
	searchUsersOfGroupFar  = searchFar(`AND (SELECT true FROM group_members g WHERE g.username = u.username AND g.group_name = @group AND ` +
		memberNow("g") + `)`)
)

// ListUsers returns users by username. What many have, such as the domain of an address, a search finds near the beginning of the page;
// what few have, by the index, from which those many would all have to be sorted. Nobody can tell beforehand which it is.
func (s *Store) ListUsers(ctx context.Context, q UserQuery) ([]UserRow, error) {
	a := args{"after": q.After, "limit": q.Limit, "now": time.Now()}
	if !q.EndingBy.IsZero() {
		a["ending_by"] = q.EndingBy
		return listed[UserRow](ctx, s, listUsersEnding, a)
	}
	list, near, far := listUsers, searchUsersNear, searchUsersFar
	if q.Group != "" {
		a["group"] = q.Group
		list, near, far = listUsersOfGroup, searchUsersOfGroupNear, searchUsersOfGroupFar
	}
	search := strings.TrimSpace(q.Search)
	if search == "" {
		return listed[UserRow](ctx, s, list, a)
	}
	a["pattern"] = pattern(search)
	if found, err := listed[UserRow](ctx, s, near, a); err != nil || len(found) == q.Limit {
		return found, err
	}
	return listed[UserRow](ctx, s, far, a)
}

// pattern is what a text has that has search in it. One and two characters are no trigram, which takes the beginning of a word.
func pattern(search string) string {
	search = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(search)
	if utf8.RuneCountInString(search) < 3 {
		search = " " + search
	}
	return "%" + search + "%"
}
