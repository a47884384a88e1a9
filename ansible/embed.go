// Package ansible carries the collection apxr.slipway in the program, so that
// setup needs no checkout of this repository. People install the same directory
// with ansible-galaxy.
//
// It does not know how Ansible is run; see internal/setup.
package ansible

import "embed"

// Collection has the files of the collection as they lie in this directory. They
// belong into DIR/ansible_collections/apxr/slipway, where DIR is named by
// ANSIBLE_COLLECTIONS_PATH.
//
//go:embed all:README.md all:galaxy.yml all:meta all:playbooks all:plugins all:roles
var Collection embed.FS
