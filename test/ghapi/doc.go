// Package ghapi tests what Slipway does through GitHub's API, against a fake of
// it that holds each request and answer against GitHub's own description.
package ghapi
