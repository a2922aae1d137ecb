package store

import "context"

// Numbers are those from the first to the last.
type Numbers struct{ First, Last int64 }

// PosixRanges are from where users and groups get the numbers that machines know them by; nil: they get none.
type PosixRanges struct {
	UIDs, GIDs  *Numbers
	Home, Shell string // of new users, with {username} in it
}

var (
	setPosixRanges = compile(`SELECT set_posix_ranges(int8range(@uid_first, @uid_last, '[]'), int8range(@gid_first, @gid_last, '[]'),
		nullif(@home, ''), nullif(@shell, ''))`)
	unsetPosixRanges = compile(`SELECT set_posix_ranges(NULL, NULL)`)
	loadPosixRanges  = compile(`SELECT kind, first, last, coalesce(home, ''), coalesce(shell, '') FROM posix_ranges`)
)

// SetPosixRanges has each user and each group have a number, and has new ones get one. Errors: Refusal.
func (s *Store) SetPosixRanges(ctx context.Context, r PosixRanges) error {
	if r.UIDs == nil || r.GIDs == nil {
		_, err := unsetPosixRanges.run(ctx, s.pool, nil)
		return inWords(err, nil)
	}
	_, err := setPosixRanges.run(ctx, s.pool, args{"uid_first": r.UIDs.First, "uid_last": r.UIDs.Last, "gid_first": r.GIDs.First,
		"gid_last": r.GIDs.Last, "home": r.Home, "shell": r.Shell})
	return inWords(err, nil)
}

// PosixRanges returns from where users and groups get numbers.
func (s *Store) PosixRanges(ctx context.Context) (r PosixRanges, err error) {
	rows, err := loadPosixRanges.rows(ctx, s.pool, nil)
	if err != nil {
		return r, failure(err)
	}
	defer rows.Close()
	for rows.Next() {
		var kind, home, shell string
		n := new(Numbers)
		if err := rows.Scan(&kind, &n.First, &n.Last, &home, &shell); err != nil {
			return r, failure(err)
		}
		if kind == "gid" {
			r.GIDs = n
			continue
		}
		r.UIDs, r.Home, r.Shell = n, home, shell
	}
	return r, failure(rows.Err())
}
