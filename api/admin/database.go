package admin

import (
	"context"

	"gatehouse/api/store"
)

// DescribeServer returns the version of Postgres, which extensions it lacks, and its clock.
func (a *Admin) DescribeServer(ctx context.Context) (store.Server, error) {
	return a.store.DescribeServer(ctx)
}

// SchemaIsCurrent returns why this program cannot use the database's schema, or nil.
func (a *Admin) SchemaIsCurrent(ctx context.Context) error { return a.store.SchemaIsCurrent(ctx) }
