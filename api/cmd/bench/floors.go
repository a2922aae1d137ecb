package main

import (
	"context"
	"fmt"
	"time"

	"gatehouse/api/cmd/bench/floor"
	"gatehouse/api/cmd/bench/load"
)

// computations measures what signatures and hashes cost.
func (*bench) computations(context.Context) ([]row, error) {
	list, err := floor.Computations()
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, c := range list {
		rows = append(rows, row{what: c.What, floor: fmt.Sprintf("%.3f ms", floor.Cost(c.Do)), met: true})
	}
	return rows, nil
}

// roundTrips measures what questions to Postgres cost there, alone and eight at once.
func (b *bench) roundTrips(ctx context.Context) ([]row, error) {
	length := 4 * time.Second
	if b.quick {
		length = time.Second
	}
	var rows []row
	for _, trip := range floor.RoundTrips {
		for _, connections := range []int{1, 8} {
			used := load.CPU(b.postmaster())
			took, err := trip.Take(ctx, b.db.URL("postgres"), connections, length)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", trip.What, err)
			}
			used = load.CPU(b.postmaster()) - used
			n := len(took)
			rows = append(rows, row{what: fmt.Sprintf("Postgres: %s, by %d", trip.What, connections),
				floor:  fmt.Sprintf("%.3f ms", used.Seconds()*1000/float64(n)),
				spread: fmt.Sprintf("p50 %.2f ms, p99 %.2f ms", took[(n-1)/2], took[(n-1)*99/100]), met: true})
		}
	}
	return rows, nil
}
