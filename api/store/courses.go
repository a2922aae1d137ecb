package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

var addGroupUnlessThere = compile(`INSERT INTO groups (name, description) VALUES (@name, @description) ON CONFLICT (name) DO NOTHING`)

// AddGroupUnlessThere adds a group; one that is there stays as it is.
func (s *Store) AddGroupUnlessThere(ctx context.Context, name, description string) error {
	_, err := addGroupUnlessThere.run(ctx, s.pool, args{"name": name, "description": description})
	return inWords(err, values{"name": name})
}

// CourseGroups are the two groups of a course.
type CourseGroups struct {
	Students string `json:"students" help:"Group of those who take it."`
	Teachers string `json:"teachers" help:"Group of those who teach and grade in it."`
}

// A course is two groups whose names begin so, and end in the name of the course.
const (
	StudentsPrefix = "nbgrader-"
	TeachersPrefix = "formgrade-"
)

var listCourses = compile(`
	SELECT s.name AS students, t.name AS teachers FROM groups t JOIN groups s ON s.name = @students || substr(t.name, length(@teachers) + 1)
	WHERE starts_with(t.name, @teachers) ORDER BY 1 LIMIT 1000`)

// ListCourses returns the groups of all courses, at most 1,000.
func (s *Store) ListCourses(ctx context.Context) ([]CourseGroups, error) {
	rows, err := listCourses.rows(ctx, s.pool, args{"students": StudentsPrefix, "teachers": TeachersPrefix})
	if err != nil {
		return nil, inWords(err, nil)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[CourseGroups])
	return list, inWords(err, nil)
}
