package release

import (
	"slices"
	"testing"
	"time"
)

func TestParseIDAcceptsExactlyWhatNewIDMakes(t *testing.T) {
	for id, good := range map[string]bool{
		"20171114T072116":     true,
		"20240229T235959":     true, // a leap day
		"20230229T000000":     false,
		"20171314T072116":     false,
		"20171114T240000":     false,
		"20171114T072116Z":    false,
		"20171114T072116.5":   false,
		" 20171114T072116":    false,
		"20171114T072116\n":   false,
		"2017-11-14T07:21:16": false,
		"20171114t072116":     false,
		"../../etc":           false,
		"":                    false,
	} {
		got, err := ParseID(id)
		if (err == nil) != good || good && string(got) != id {
			t.Errorf("ParseID(%q) = %q, %v", id, got, err)
		}
	}
}

func TestNewIDIsTheUTCSecond(t *testing.T) {
	at := time.Date(2017, 11, 14, 8, 21, 16, 999_999_999, time.FixedZone("CET", 3600))
	if got := NewID(at); got != "20171114T072116" {
		t.Error(got)
	}
}

func TestNextIsOneSecondLater(t *testing.T) {
	for id, want := range map[ID]ID{
		"20171114T072116": "20171114T072117",
		"20171231T235959": "20180101T000000",
		"20240228T235959": "20240229T000000",
	} {
		if got := id.Next(); got != want || got <= id {
			t.Errorf("%s.Next() = %s, want %s", id, got, want)
		}
	}
}

func TestIDsSortInTheOrderInWhichTheyWereMade(t *testing.T) {
	var ids []ID
	at := time.Date(2023, 12, 31, 23, 59, 0, 0, time.UTC)
	for range 200 {
		ids = append(ids, NewID(at))
		at = at.Add(7 * time.Hour)
	}
	if !slices.IsSorted(ids) {
		t.Error(ids)
	}
}

func TestNamesAreSafeAsDirectoryUnitAndUser(t *testing.T) {
	for name, good := range map[string]bool{
		"apxr_io": true, "a": true, "web-2": true,
		"": false, "Apxr": false, "2web": false, "_x": false, "a.b": false, "a/b": false, "..": false,
		"a b": false, "a\n": false, "-x": false, "ä": false,
		"a23456789012345678901234567890123456789012345678901234567890123":  true,
		"a234567890123456789012345678901234567890123456789012345678901234": false,
	} {
		if ValidName(name) != good {
			t.Errorf("ValidName(%q) = %v", name, !good)
		}
	}
}

func TestLayout(t *testing.T) {
	l := DefaultLayout(App{"apxr", "apxr_io"})
	for got, want := range map[string]string{
		l.State():                     "/opt/apxr/apxr_io/.slipway",
		l.Metadata("20171114T072116"): "/opt/apxr/apxr_io/.slipway/releases/20171114T072116",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
