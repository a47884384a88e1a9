package app

import (
	"reflect"

	"github.com/apxr/slipway/internal/report"
)

// hiddenError is an error whose text hides secrets.
type hiddenError struct {
	error
	text string
}

func (e hiddenError) Error() string { return e.text }
func (e hiddenError) Unwrap() error { return e.error }

// hidden returns a result with secrets hidden in every text: reports cut texts,
// and the part of a secret would not be found afterwards.
func hidden[R report.Result](result R, hide func(string) string) R {
	v := reflect.New(reflect.TypeOf(result)).Elem()
	v.Set(reflect.ValueOf(result))
	hideIn(v, hide)
	return v.Interface().(R)
}

// hideIn changes all texts in a value that can be changed. It does not look into
// maps: results have none.
func hideIn(v reflect.Value, hide func(string) string) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() {
			v.SetString(hide(v.String()))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() || f.Anonymous {
				hideIn(v.Field(i), hide)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			hideIn(v.Index(i), hide)
		}
	case reflect.Pointer:
		hideIn(v.Elem(), hide)
	case reflect.Interface:
		hideInside(v, hide)
	}
}

// hideInside replaces the value of an interface: an error by its text, and another
// value by a changed copy.
func hideInside(v reflect.Value, hide func(string) string) {
	if v.IsNil() || !v.CanSet() {
		return
	}
	if err, ok := v.Interface().(error); ok {
		v.Set(reflect.ValueOf(hiddenError{err, hide(err.Error())}))
		return
	}
	inner := reflect.New(v.Elem().Type()).Elem()
	inner.Set(v.Elem())
	hideIn(inner, hide)
	v.Set(inner)
}
