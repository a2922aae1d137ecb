package store

import "context"

// PairwiseSalt is what pairwise subjects are made with; it was made with the database and never changes.
func (s *Store) PairwiseSalt(ctx context.Context) (salt []byte, err error) {
	err = s.pool.QueryRow(ctx, `SELECT salt FROM pairwise_salt`).Scan(&salt)
	return salt, failure(err)
}
