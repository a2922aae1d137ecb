package oidc

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	aroundWeights = regexp.MustCompile(`\s*([;=])\s*`)
	localeRest    = regexp.MustCompile(`[.@].*`) // of a locale of POSIX: the encoding, a modifier
	languageTag   = regexp.MustCompile(`^([A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*|\*)$`)
)

// LanguageTags returns the language tags (BCP 47) of a list, the preferred one first: ui_locales, which has spaces (OpenID
// Connect Core §3.1.2.1), or Accept-Language, which has commas and weights (RFC 9110 §12.5.4). Programs send either in place
// of the other, and locales of POSIX such as de_CH.UTF-8.
func LanguageTags(list string) (tags []string) {
	weights := map[string]float64{}
	list = aroundWeights.ReplaceAllString(list, "$1")
	for _, item := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' }) {
		tag, parameter, _ := strings.Cut(item, ";")
		weight, err := strconv.ParseFloat(strings.TrimPrefix(strings.ToLower(parameter), "q="), 64)
		if err != nil {
			weight = 1
		}
		tag = strings.ReplaceAll(localeRest.ReplaceAllString(tag, ""), "_", "-")
		if _, twice := weights[tag]; weight > 0 && !twice && languageTag.MatchString(tag) {
			weights[tag] = weight
			tags = append(tags, tag)
		}
	}
	slices.SortStableFunc(tags, func(a, b string) int { return cmp.Compare(weights[b], weights[a]) })
	return tags
}
