package admin

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"gatehouse/api/store"
	"gatehouse/deploy"
)

// CreateCourse is a course to make.
type CreateCourse struct {
	Name     string   `json:"name" arg:"" help:"What nbgrader calls it, such as stat131."`
	Teachers []string `json:"teachers" required:"" placeholder:"NAME,…" help:"Users who look after it."`
	Graders  []string `json:"graders,omitempty" placeholder:"NAME,…" help:"Users who grade in it, and look after nothing."`
}

// courseName is what the directory and the service of a course can be called.
var courseName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

// CreateCourse makes the groups that nbgrader and JupyterHub expect of a course, and has its teachers look after both. Again it adds who is
// new, and takes nobody away. Errors: Invalid, Refusal, Missing.
func (a *Admin) CreateCourse(ctx context.Context, in CreateCourse) (store.CourseGroups, error) {
	course := store.CourseGroups{Students: store.StudentsPrefix + in.Name, Teachers: store.TeachersPrefix + in.Name}
	if !courseName.MatchString(in.Name) {
		return course, invalid("%s must be letters, digits, points, dashes and underscores, at most 64, not %q", member("name"), in.Name)
	}
	return course, a.store.Transaction(ctx, func(s *store.Store) error {
		// Always in this order: two who make the same course wait for each other's rows.
		for _, group := range []struct{ name, description string }{
			{course.Students, "Students of " + in.Name}, {course.Teachers, "Teachers of " + in.Name},
		} {
			if err := s.AddGroupUnlessThere(ctx, group.name, group.description); err != nil {
				return err
			}
			if err := s.AddGroupOwners(ctx, group.name, in.Teachers, a.administration()); err != nil {
				return err
			}
		}
		return s.AddGroupMembers(ctx, course.Teachers, slices.Concat(in.Teachers, in.Graders), nil)
	})
}

// coursesOf returns the courses that there are, as the configuration of a Hub has them: of two whose names differ by case alone, the first.
func (a *Admin) coursesOf(ctx context.Context) ([]deploy.Course, error) {
	list, err := a.store.ListCourses(ctx)
	var courses []deploy.Course
	roles := map[string]bool{} // JupyterHub's are in lower case
	for _, c := range list {
		name := strings.TrimPrefix(c.Students, store.StudentsPrefix)
		role := strings.ToLower(name)
		if courseName.MatchString(name) && !roles[role] {
			courses = append(courses, deploy.Course{Name: name, Students: c.Students, Teachers: c.Teachers})
		}
		roles[role] = true
	}
	return courses, err
}
