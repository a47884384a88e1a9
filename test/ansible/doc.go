// Package ansible tests the collection as Ansible sees it: linters, the playbook
// with the sample inventories, what the preflight says, and that argument specs,
// defaults and docs/setup-variables.md say the same.
//
// It does not know what the roles do on a host.
package ansible
