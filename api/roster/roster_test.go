package roster

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"
)

func TestRostersOfLearningManagementSystems(t *testing.T) {
	t.Parallel()
	ada := Person{Line: 2, Username: "ada", Email: "ada@uni.example", Name: "Ada Lovelace", GivenName: "Ada", FamilyName: "Lovelace"}
	as := func(change func(*Person)) Person {
		p := ada
		change(&p)
		return p
	}
	for _, test := range []struct {
		name, text string
		want       Person
	}{
		{"plain", "username,email,given_name,family_name\nada,ada@uni.example,Ada,Lovelace\n", ada},
		{"Moodle, participants", "\ufeff\"First name\",\"Last name\",\"Email address\",Groups\r\nAda,Lovelace,ada@uni.example,\"A, B\"\r\n",
			as(func(p *Person) { p.Username = "" })},
		{"Moodle in German", "Vorname;Nachname;E-Mail-Adresse\nAda;Lovelace;ada@uni.example\n", as(func(p *Person) { p.Username = "" })},
		{"Moodle in French", "Prénom\tNom\tAdresse de courriel\nAda\tLovelace\tada@uni.example\n", as(func(p *Person) { p.Username = "" })},
		{"Canvas, the gradebook", "Student,ID,SIS User ID,SIS Login ID,Section,Homework 1 (123)\n    Points Possible,,,,,10\n" +
			"\"Lovelace, Ada\",42,s0042,ada,STAT 131,9\n\"Student, Test\",1,,,STAT 131,\n",
			as(func(p *Person) { p.Line, p.Email = 3, "" })},
		{"Blackboard", "Last Name,First Name,Username,Student ID,Last Access\nLovelace,Ada,ada,0042,yesterday\n",
			as(func(p *Person) { p.Email = "" })},
		{"names alone, and fewer cells than titles", "Name,Email\nAda Lovelace\n",
			Person{Line: 2, Name: "Ada Lovelace"}},
		{"a name in quotation marks", "name,username\n\"Ada \"\"Countess\"\" Lovelace\",ada\n",
			Person{Line: 2, Name: `Ada "Countess" Lovelace`, Username: "ada"}},
	} {
		people, _, err := Read([]byte(test.text))
		if err != nil || len(people) != 1 || people[0] != test.want {
			t.Errorf("%s: %+v, %v; want %+v", test.name, people, err, test.want)
		}
	}
	units := utf16.Encode([]rune("\ufeffname\temail\r\nZoë Müller\tzoe@uni.example\r\n"))
	var text []byte
	for _, u := range units {
		text = append(text, byte(u), byte(u>>8))
	}
	people, unread, err := Read(text)
	if err != nil || len(people) != 1 || people[0].Name != "Zoë Müller" || len(unread) > 0 {
		t.Errorf("UTF-16 with tabs, as spreadsheets write Unicode text: %+v, %v, %v", people, unread, err)
	}
	if _, unread, err = Read([]byte("Section,username,,Group\nA,ada,,B\n")); err != nil || fmt.Sprint(unread) != "[Section Group]" {
		t.Errorf("columns that are not read: %v, %v", unread, err)
	}
}

func TestRostersThatAreRefusedSayTheLineAndWhatToDo(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, text, want string }{
		{"nothing", "", "its first line has to say what the columns are"},
		{"no header", "ada,ada@uni.example\nbob,bob@uni.example\n", `such as username, name and email: it has "ada`},
		{"a spreadsheet", "PK\x03\x04 and more", "save it as CSV UTF-8"},
		{"Latin-1", "name,email\nZoe,zoe@uni.example\nZo\xeb,zoe2@uni.example\n", "line 3 is not in UTF-8: save the roster as CSV UTF-8"},
		{"half of UTF-16", "\xff\xfen\x00a\x00m\x00e\x00\n", "CSV UTF-8"},
		{"a column twice", "email,name,email\na@b,Ada,c@d\n", `there are two columns "email"`},
		{"a comma too many", "name,email\nLovelace, Ada,ada@uni.example\n", "line 2: it has 3 cells, and line 1 has 2"},
		{"a quotation mark", "name,email\nAda \"C\" L,ada@uni.example\n", "line 2: a cell with a quotation mark"},
		{"a formula", "name,email\n\"=HYPERLINK(\"\"http://x\"\")\",ada@uni.example\n", "begins as a formula does"},
		{"a formula behind a space", "name,email\n\" +1+1\",ada@uni.example\n", "begins as a formula does"},
		{"what nobody sees", "name,email\nAda\u202eevil,ada@uni.example\n", "characters that nobody sees"},
		{"no address", "name,email\nAda,ada at uni\n", `line 2: "ada at uni" is no address`},
		{"NUL", "name,email\nAda\x00,ada@uni.example\n", "characters that nobody sees"},
		{"a cell without end", "name,email\n" + strings.Repeat("x", 300) + ",ada@uni.example\n", "a cell has more than 254 bytes"},
		{"200 columns and more", strings.Repeat("name2,", 300) + "name\nx\n", "line 1 has 301 columns"},
		{"a million lines", "name\n" + strings.Repeat("x\n", 1_000_000), "at most 20000 people"},
		{"too long", "name\n" + strings.Repeat(strings.Repeat("x", 99)+"\n", 50_000), "more than 4 MiB"},
	} {
		if people, _, err := Read([]byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %d people, %v; want %q", test.name, len(people), err, test.want)
		}
	}
}

func TestNamesAreMendedTheSameWayEachTime(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ab-", 12)
	for _, test := range []struct {
		p                 Person
		unix, email, open string
	}{
		{Person{Username: "Ada"}, "ada", "ada", "ada"},
		{Person{Username: "ADA@uni.example"}, "ada", "ada@uni.example", "ada@uni.example"},
		{Person{Email: "Ada.Lovelace@uni.example"}, "ada.lovelace", "ada.lovelace@uni.example", "ada.lovelace@uni.example"},
		{Person{Name: "Jürgen Groß", GivenName: "Jürgen", FamilyName: "Groß"}, "jurgen.gross", "jurgen.gross", "jürgen.groß"},
		{Person{Name: "Łukasz Żółć-Nowak"}, "lukasz.zolc-nowak", "lukasz.zolc-nowak", "łukasz żółć-nowak"},
		{Person{Username: "1234567"}, "u1234567", "u1234567", "1234567"},
		{Person{Username: "...", Name: "Eve"}, "eve", "eve", "..."},
		{Person{Username: "o'neil, p"}, "o.neil.p", "o.neil.p", "o'neil, p"},
		{Person{Username: long}, long[:32], long[:32], long},
		{Person{Name: "李小龙"}, "", "", "李小龙"},
		{Person{Name: "李小龙", Email: "li@uni.example"}, "li", "li@uni.example", "li@uni.example"},
		{Person{Username: "ｆｕｌｌ"}, "full", "full", "ｆｕｌｌ"},
	} {
		for rule, want := range map[string]string{Unix: test.unix, Email: test.email, Open: test.open} {
			if fit := Suggest(test.p, rule); fit != want {
				t.Errorf("%+v under %s: %q, want %q", test.p, rule, fit, want)
			}
		}
	}
}

func FuzzRosters(f *testing.F) {
	f.Add([]byte("name,email\nAda,ada@uni.example\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		people, _, _ := Read(text)
		for _, p := range people {
			if fit := Suggest(p, Unix); fit != "" && Fit(fit, Unix) != fit {
				t.Errorf("%q is mended to %q", fit, Fit(fit, Unix))
			}
		}
	})
}
