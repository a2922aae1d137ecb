package oidc

import (
	"strings"
	"testing"
)

func TestLanguagesAreReadHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]string{
		"": "", "de": "de", "fr-CA fr en": "fr-CA fr en", "fr_CH": "fr-CH", "de_DE en_US": "de-DE en-US",
		"DE_at": "DE-at", "zh_Hans_CN": "zh-Hans-CN",
		"de_CH.UTF-8": "de-CH", "de_DE@euro fr": "de-DE fr", "fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5": "fr-CH fr en de *",
		"en;q=0.5,de;q=0.9": "de en", "en ; q = 0.2 , de": "de en", "de,fr": "de fr", "de;q=0, fr": "fr", "en;Q=0.1 de": "de en",
		"fr_CH;q=0.7 de_DE;q=0.8": "de-DE fr-CH", "de;q=x": "de", ";;,q=,": "", "de de": "de", "  ": "", "-": "", "<b> de": "de",
	} {
		if got := strings.Join(LanguageTags(list), " "); got != want {
			t.Errorf("%q: %q, want %q", list, got, want)
		}
	}
}
